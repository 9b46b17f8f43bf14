import type { TouchedGroup } from "./selector-groups";

/** A rule group is nudged at most this often for what ingest touches all the time. */
const SPACING_MS = 1_000;
/** A selector that nothing touched for so long is likely to bring a change: it is told out of turn. */
const QUIET_MS = 2_000;
/** Nudges out of turn are saved up to this many … */
const SAVED = 10;
/** … one in this time, so that they make no more than a quarter more requests. */
const SAVED_EACH_MS = 4_000;

interface Pace {
  version: number;
  /** When each selector was last touched. */
  readonly touchedAtMs: Map<number, number>;
  /** No ordinary nudge before then. */
  notBeforeMs: number;
  outOfTurn: number;
  savedAtMs: number;
  /** What waits for the next ordinary nudge. */
  waiting: TouchedGroup | undefined;
}

/** When to tell rule groups of what appends touched: at once, then once a second; the last is never lost. */
export class NudgePace {
  private readonly paces = new Map<string, Pace>();

  /** What to tell now; undefined where it waits until {@link nextMs}. */
  touch(t: TouchedGroup, nowMs: number): TouchedGroup | undefined {
    const p = this.paceOf(t, nowMs);
    // The clock was set back.
    if (p.notBeforeMs > nowMs + SPACING_MS) p.notBeforeMs = nowMs;
    const quiet = t.selectors.some((s) => nowMs - (p.touchedAtMs.get(s) ?? -Infinity) >= QUIET_MS);
    for (const s of t.selectors) p.touchedAtMs.set(s, nowMs);
    if (nowMs >= p.notBeforeMs) return this.tell(p, together(p.waiting, t), nowMs);
    if (quiet && takeSaved(p, nowMs)) return t;
    p.waiting = together(p.waiting, t);
    return undefined;
  }

  /** What has waited long enough. */
  due(nowMs: number): TouchedGroup[] {
    const out: TouchedGroup[] = [];
    for (const p of this.paces.values())
      if (p.waiting !== undefined && nowMs >= p.notBeforeMs)
        out.push(this.tell(p, p.waiting, nowMs));
    return out;
  }

  /** When something that waits is due; undefined where nothing waits. */
  nextMs(): number | undefined {
    let next: number | undefined;
    for (const p of this.paces.values())
      if (p.waiting !== undefined && (next === undefined || p.notBeforeMs < next))
        next = p.notBeforeMs;
    return next;
  }

  private tell(p: Pace, t: TouchedGroup, nowMs: number): TouchedGroup {
    p.waiting = undefined;
    p.notBeforeMs = nowMs + SPACING_MS;
    return t;
  }

  private paceOf(t: TouchedGroup, nowMs: number): Pace {
    const known = this.paces.get(t.group);
    if (known !== undefined) {
      // The numbers of selectors are those of a version.
      if (known.version !== t.version) known.touchedAtMs.clear();
      known.version = t.version;
      return known;
    }
    const made: Pace = {
      version: t.version,
      touchedAtMs: new Map(),
      notBeforeMs: 0,
      outOfTurn: SAVED,
      savedAtMs: nowMs,
      waiting: undefined,
    };
    this.paces.set(t.group, made);
    return made;
  }
}

function takeSaved(p: Pace, nowMs: number): boolean {
  const earned = Math.floor(Math.max(0, nowMs - p.savedAtMs) / SAVED_EACH_MS);
  p.outOfTurn = Math.min(SAVED, p.outOfTurn + earned);
  p.savedAtMs = earned > 0 ? p.savedAtMs + earned * SAVED_EACH_MS : Math.min(p.savedAtMs, nowMs);
  if (p.outOfTurn === 0) return false;
  p.outOfTurn--;
  return true;
}

/** Of two versions the earlier stands: the group takes what is not of its own for a touch of everything. */
function together(a: TouchedGroup | undefined, b: TouchedGroup): TouchedGroup {
  if (a === undefined) return b;
  if (a.version !== b.version) return a.version < b.version ? a : b;
  return { ...b, selectors: [...new Set([...a.selectors, ...b.selectors])] };
}
