import {
  type BlockLevel,
  type BlockMeta,
  DAY_MS,
  DOWNSAMPLED,
  WINDOW_MS,
  dayOf,
  windowOf,
} from "./manifest";

/** What to merge next. Inputs go and the output comes in one transaction. */
export interface MergePlan {
  readonly inputs: readonly BlockMeta[];
  readonly level: BlockLevel;
}

/** Segments of a like size that are worth a merge. Each merge makes one eight times as large, so a sample is rewritten seldom. */
const FAN_IN = 8;
/** Segments below this many samples count as one size. */
const SMALL = 4_096;

/**
 * The next merge, or undefined. A 2 h window is cut when no sample for it is
 * accepted any more; a day when all its windows are. Late blocks join those cut before.
 */
export function planMerge(
  blocks: readonly BlockMeta[],
  now: number,
  outOfOrderMs: number,
  rawBeforeMs = -Infinity,
): MergePlan | undefined {
  return (
    planCut(blocks, now, outOfOrderMs) ??
    planDownsampling(blocks, now, outOfOrderMs, rawBeforeMs) ??
    planDay(blocks, now, outOfOrderMs) ??
    planTier(blocks)
  );
}

/** When a window that holds samples up to `maxMs` may be cut. */
export function cutTime(maxMs: number, outOfOrderMs: number): number {
  return (windowOf(maxMs) + 1) * WINDOW_MS + outOfOrderMs;
}

/** Whether the day that holds a time is merged into one block, as none of its windows is written to any more. */
export function isDayClosed(ms: number, outOfOrderMs: number, now: number): boolean {
  return (dayOf(ms) + 1) * DAY_MS + outOfOrderMs + WINDOW_MS <= now;
}

function planCut(
  blocks: readonly BlockMeta[],
  now: number,
  outOfOrderMs: number,
): MergePlan | undefined {
  const ripe = blocks.filter((b) => b.level === 0 && cutTime(b.maxMs, outOfOrderMs) <= now);
  const first = oldest(ripe);
  if (first === undefined) return undefined;
  const window = windowOf(first.minMs);
  const inputs = blocks.filter((b) => b.level <= 1 && windowOf(b.minMs) === window);
  return { inputs, level: 1 };
}

/**
 * A closed day that ends before the bound is kept downsampled alone. What was imported since waits beside it until it is
 * worth the rewriting: an import in many calls must not rewrite the day with each.
 */
function planDownsampling(
  blocks: readonly BlockMeta[],
  now: number,
  outOfOrderMs: number,
  rawBeforeMs: number,
): MergePlan | undefined {
  const days = new Map<number, BlockMeta[]>();
  for (const b of blocks) {
    const day = dayOf(b.minMs);
    if (
      b.level === 0 ||
      (day + 1) * DAY_MS > rawBeforeMs ||
      !isDayClosed(b.minMs, outOfOrderMs, now)
    )
      continue;
    const list = days.get(day);
    if (list === undefined) days.set(day, [b]);
    else list.push(b);
  }
  for (const inputs of days.values()) {
    const raw = inputs.filter(isRawCut).reduce((n, b) => n + b.samples, 0);
    const made = inputs.find((b) => b.level === DOWNSAMPLED)?.samples ?? 0;
    if (raw > 0 && raw >= made / 4) return { inputs, level: DOWNSAMPLED };
  }
  return undefined;
}

function isRawCut(b: BlockMeta): boolean {
  return b.level === 1 || b.level === 2;
}

function planDay(
  blocks: readonly BlockMeta[],
  now: number,
  outOfOrderMs: number,
): MergePlan | undefined {
  const first = oldest(
    blocks.filter(
      (b) =>
        b.level === 1 &&
        isDayClosed(b.minMs, outOfOrderMs, now) &&
        blocks.some((o) => o.id !== b.id && isRawCut(o) && dayOf(o.minMs) === dayOf(b.minMs)),
    ),
  );
  if (first === undefined) return undefined;
  const inputs = blocks.filter((b) => isRawCut(b) && dayOf(b.minMs) === dayOf(first.minMs));
  return { inputs, level: 2 };
}

/** Blocks of a like size, which come from many folds or imports, are merged by eights. */
function planTier(blocks: readonly BlockMeta[]): MergePlan | undefined {
  const tiers = new Map<string, BlockMeta[]>();
  for (const b of blocks) {
    if (b.level === DOWNSAMPLED) continue;
    const stretch = b.level === 2 ? dayOf(b.minMs) : windowOf(b.minMs);
    const key = `${b.level}/${stretch}/${tierOf(b.samples)}`;
    const list = tiers.get(key);
    if (list === undefined) tiers.set(key, [b]);
    else list.push(b);
  }
  for (const inputs of tiers.values())
    if (inputs.length >= FAN_IN) return { inputs, level: (inputs[0] as BlockMeta).level };
  return undefined;
}

function tierOf(samples: number): number {
  return samples <= SMALL ? 0 : Math.ceil(Math.log(samples / SMALL) / Math.log(FAN_IN));
}

function oldest(blocks: readonly BlockMeta[]): BlockMeta | undefined {
  return blocks.reduce<BlockMeta | undefined>(
    (a, b) => (a === undefined || b.minMs < a.minMs ? b : a),
    undefined,
  );
}
