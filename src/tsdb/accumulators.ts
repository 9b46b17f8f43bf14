/**
 * Delta increments become the samples of a cumulative counter. Rules: at most
 * one sample per series and second, one step before the first increment the
 * value it starts from (0 for a new counter), and the last value again every
 * minute until an hour passes without an increment.
 */
export interface AccumulatorState {
  readonly ref: number;
  /** Sum of all increments. */
  readonly total: number;
  /** The total that the last written sample shows. */
  readonly emitted: number;
  /** When that sample was written, ms; 0 before the first. */
  readonly emittedMs: number;
  readonly incrementedMs: number;
}

export interface EmittedSample {
  readonly ref: number;
  readonly timeMs: number;
  readonly value: number;
}

export const STEP_MS = 1_000;
export const REPEAT_MS = 60_000;
/** One wake repeats every value that is due within this, so that a minute costs one wake and not one per series. */
const REPEAT_EARLY_MS = 10_000;
export const RETIRE_MS = 3_600_000;
/** A retired accumulator continues its total if it comes back within this. */
export const FORGET_MS = 24 * 3_600_000;

/** Adds an increment. Emits at once where the last sample is at least a second old; else the total waits for {@link flush}. */
export function increment(
  state: AccumulatorState | undefined,
  ref: number,
  amount: number,
  now: number,
): { readonly state: AccumulatorState; readonly emit: readonly EmittedSample[] } {
  const before = state ?? { ref, total: 0, emitted: 0, emittedMs: 0, incrementedMs: 0 };
  const added = { ...before, total: before.total + amount, incrementedMs: now };
  return emitDue(before, added, now);
}

/** Writes a total that waits, once a second has passed since the last sample. */
export function flush(
  state: AccumulatorState,
  now: number,
): { readonly state: AccumulatorState; readonly emit: readonly EmittedSample[] } {
  if (!isWaiting(state)) return { state, emit: [] };
  return emitDue(state, state, now);
}

/** Repeats the last value of a live accumulator whose last sample is a minute old. */
export function repeat(
  state: AccumulatorState,
  now: number,
): { readonly state: AccumulatorState; readonly emit: readonly EmittedSample[] } {
  if (isRetired(state, now) || now - state.emittedMs < REPEAT_MS - REPEAT_EARLY_MS)
    return { state, emit: [] };
  return {
    state: { ...state, emitted: state.total, emittedMs: now },
    emit: [{ ref: state.ref, timeMs: now, value: state.total }],
  };
}

export function isWaiting(s: AccumulatorState): boolean {
  // Amounts near the largest number can sum up to NaN, which would wait for ever.
  return !(s.total === s.emitted || Object.is(s.total, s.emitted)) || s.emittedMs === 0;
}

export function isRetired(s: AccumulatorState, now: number): boolean {
  return !isWaiting(s) && now - s.incrementedMs >= RETIRE_MS;
}

export function isForgotten(s: AccumulatorState, now: number): boolean {
  return !isWaiting(s) && now - s.incrementedMs >= FORGET_MS;
}

function emitDue(
  before: AccumulatorState,
  after: AccumulatorState,
  now: number,
): { readonly state: AccumulatorState; readonly emit: readonly EmittedSample[] } {
  const gap = now - before.emittedMs;
  if (gap < STEP_MS) return { state: after, emit: [] };
  const emit: EmittedSample[] = [];
  // A reader of the last few minutes would not see the rise of a counter that begins, or begins again, above its start.
  if (gap >= STEP_MS + REPEAT_MS)
    emit.push({ ref: after.ref, timeMs: now - STEP_MS, value: before.emitted });
  emit.push({ ref: after.ref, timeMs: now, value: after.total });
  return { state: { ...after, emitted: after.total, emittedMs: now }, emit };
}
