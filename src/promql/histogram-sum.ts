import {
  CUSTOM_BUCKETS,
  GAUGE,
  type Histogram,
  NO_BUCKETS,
  RESET_UNKNOWN,
  type ResetHint,
  type Span,
} from "../core/histogram";
import { KahanSum } from "./columns";
import { exponentialBound, indexesOf, spansOf } from "./histogram-buckets";

/** The buckets of one sign by rising index, each a compensated sum. */
interface Side {
  indexes: number[];
  sums: number[];
  comps: number[];
}

/**
 * A running sum of histograms, compensated bucket by bucket. What they differ in is reconciled as
 * they come (https://prometheus.io/docs/specs/native_histograms/#compatibility-between-histograms):
 * to the coarser resolution, the wider zero bucket, the custom bounds that both have.
 */
export class HistogramSum {
  /** Two sets of custom bounds were brought to those they share. */
  boundsReconciled = false;
  /** A sample known to follow a reset met one known not to. */
  resetCollision = false;
  private schema: number;
  private hint: ResetHint;
  private customValues: Float64Array;
  private zeroThreshold: number;
  private readonly zero = new KahanSum();
  private readonly count = new KahanSum();
  private readonly sum = new KahanSum();
  private positive: Side;
  private negative: Side;

  constructor(h: Histogram) {
    this.schema = h.schema;
    this.hint = h.resetHint;
    this.customValues = h.customValues;
    this.zeroThreshold = h.zeroThreshold;
    this.zero.reset(h.zeroCount);
    this.count.reset(h.count);
    this.sum.reset(h.sum);
    this.positive = sideOf(h.positiveSpans, h.positiveBuckets);
    this.negative = sideOf(h.negativeSpans, h.negativeBuckets);
  }

  /** Adds a histogram, or takes it away. False, and nothing changed, where custom buckets meet exponential ones. */
  add(h: Histogram, sign: 1 | -1 = 1): boolean {
    const custom = this.schema === CUSTOM_BUCKETS;
    if (custom !== (h.schema === CUSTOM_BUCKETS)) return false;
    this.meetHint(h.resetHint);
    const alike =
      this.schema === h.schema &&
      this.zeroThreshold === h.zeroThreshold &&
      (!custom || sameBounds(this.customValues, h.customValues));
    const other = alike ? undefined : new HistogramSum(h);
    if (other !== undefined) {
      if (custom) this.shareBounds(other);
      else {
        this.shareZero(other);
        const schema = Math.min(this.schema, other.schema);
        this.reduceTo(schema);
        other.reduceTo(schema);
      }
    }
    this.count.add(sign * h.count);
    this.sum.add(sign * h.sum);
    this.zero.add(sign * (other === undefined ? h.zeroCount : other.zero.total));
    const positive = other?.positive ?? sideOf(h.positiveSpans, h.positiveBuckets);
    const negative = other?.negative ?? sideOf(h.negativeSpans, h.negativeBuckets);
    this.positive = merged(this.positive, positive, sign);
    this.negative = merged(this.negative, negative, sign);
    return true;
  }

  /** Lowers the resolution, down to `schema`, by joining neighbouring buckets. */
  reduceTo(schema: number): void {
    if (schema >= this.schema) return;
    const shift = this.schema - schema;
    this.positive = regrouped(this.positive, (i) => ((i - 1) >> shift) + 1);
    this.negative = regrouped(this.negative, (i) => ((i - 1) >> shift) + 1);
    this.schema = schema;
  }

  scale(factor: number): void {
    for (const k of [this.zero, this.count, this.sum]) k.reset(k.sum * factor, k.comp * factor);
    for (const side of [this.positive, this.negative])
      for (let i = 0; i < side.sums.length; i++) {
        side.sums[i] = (side.sums[i] as number) * factor;
        side.comps[i] = (side.comps[i] as number) * factor;
      }
  }

  get overflows(): boolean {
    const infinite = (x: number): boolean => Math.abs(x) === Infinity;
    return (
      infinite(this.zero.sum) ||
      infinite(this.count.sum) ||
      infinite(this.sum.sum) ||
      this.positive.sums.some(infinite) ||
      this.negative.sums.some(infinite)
    );
  }

  /** The sum so far over `divisor`, without empty buckets. */
  result(divisor = 1, hint: ResetHint = this.hint): Histogram {
    const total = (sum: number, comp: number): number => sum / divisor + comp / divisor;
    const side = (s: Side): { spans: Span[]; buckets: Float64Array } => {
      const indexes: number[] = [];
      const counts: number[] = [];
      s.indexes.forEach((index, i) => {
        const count = total(s.sums[i] as number, s.comps[i] as number);
        if (count === 0) return;
        indexes.push(index);
        counts.push(count);
      });
      return { spans: spansOf(indexes), buckets: Float64Array.from(counts) };
    };
    const positive = side(this.positive);
    const negative = side(this.negative);
    return {
      schema: this.schema,
      resetHint: hint,
      zeroThreshold: this.zeroThreshold,
      zeroCount: total(this.zero.sum, this.zero.comp),
      count: total(this.count.sum, this.count.comp),
      sum: total(this.sum.sum, this.sum.comp),
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: negative.spans,
      negativeBuckets: negative.buckets,
      customValues: this.customValues,
    };
  }

  private meetHint(hint: ResetHint): void {
    if (hint === this.hint || this.hint === GAUGE) return;
    if (hint === GAUGE) this.hint = GAUGE;
    else {
      if (this.hint !== RESET_UNKNOWN && hint !== RESET_UNKNOWN) this.resetCollision = true;
      this.hint = RESET_UNKNOWN;
    }
  }

  private shareBounds(other: HistogramSum): void {
    this.boundsReconciled = true;
    const bounds = sharedBounds(this.customValues, other.customValues);
    for (const h of [this, other]) {
      const from = h.customValues;
      h.positive = regrouped(h.positive, (i) =>
        i < from.length ? firstNotBelow(bounds, from[i] as number) : bounds.length,
      );
      h.customValues = bounds;
    }
  }

  /** Widens the zero buckets until both are as wide and end beside no populated bucket. */
  private shareZero(other: HistogramSum): void {
    while (this.zeroThreshold !== other.zeroThreshold) {
      if (this.zeroThreshold < other.zeroThreshold) this.widenZero(other.zeroThreshold);
      else other.widenZero(this.zeroThreshold);
    }
  }

  private widenZero(threshold: number): void {
    const { schema } = this;
    this.zeroThreshold = widenedThreshold(schema, [this.positive, this.negative], threshold);
    const reached = (index: number): boolean =>
      exponentialBound(index - 1, schema) < this.zeroThreshold;
    const take = (side: Side): Side => {
      const left: Side = { indexes: [], sums: [], comps: [] };
      side.indexes.forEach((index, i) => {
        const sum = side.sums[i] as number;
        const comp = side.comps[i] as number;
        if (reached(index)) {
          this.zero.add(sum);
          this.zero.add(comp);
        } else {
          left.indexes.push(index);
          left.sums.push(sum);
          left.comps.push(comp);
        }
      });
      return left;
    };
    this.positive = take(this.positive);
    this.negative = take(this.negative);
  }
}

/** At least `threshold`, moved out of any populated bucket that it falls into. */
function widenedThreshold(schema: number, sides: readonly Side[], threshold: number): number {
  let out = threshold;
  for (let again = true; again;) {
    again = false;
    for (const side of sides) {
      side.indexes.forEach((index, i) => {
        const upper = exponentialBound(index, schema);
        if (
          exponentialBound(index - 1, schema) < out &&
          upper > out &&
          (side.sums[i] as number) !== 0
        ) {
          out = upper;
          again = true;
        }
      });
    }
  }
  return out;
}

function sideOf(spans: readonly Span[], buckets: Float64Array): Side {
  const sums = Array.from(buckets);
  return { indexes: indexesOf(spans), sums, comps: sums.map(() => 0) };
}

const cell = new KahanSum();

function merged(a: Side, b: Side, sign: 1 | -1): Side {
  const out: Side = { indexes: [], sums: [], comps: [] };
  let i = 0;
  let j = 0;
  while (i < a.indexes.length || j < b.indexes.length) {
    const x = a.indexes[i] ?? Infinity;
    const y = b.indexes[j] ?? Infinity;
    cell.reset();
    if (x <= y) {
      cell.reset(a.sums[i] as number, a.comps[i] as number);
      i++;
    }
    if (y <= x) {
      cell.add(sign * ((b.sums[j] as number) + (b.comps[j] as number)));
      j++;
    }
    out.indexes.push(Math.min(x, y));
    out.sums.push(cell.sum);
    out.comps.push(cell.comp);
  }
  return out;
}

/** Buckets under other indexes; those that come to share one are added. `to` must not change their order. */
function regrouped(side: Side, to: (index: number) => number): Side {
  const out: Side = { indexes: [], sums: [], comps: [] };
  side.indexes.forEach((from, i) => {
    const index = to(from);
    const last = out.indexes.length - 1;
    if (last >= 0 && out.indexes[last] === index) {
      cell.reset(out.sums[last], out.comps[last]);
      cell.add(side.sums[i] as number);
      cell.add(side.comps[i] as number);
      out.sums[last] = cell.sum;
      out.comps[last] = cell.comp;
    } else {
      out.indexes.push(index);
      out.sums.push(side.sums[i] as number);
      out.comps.push(side.comps[i] as number);
    }
  });
  return out;
}

export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((v, i) => v === b[i]));
}

function sharedBounds(a: Float64Array, b: Float64Array): Float64Array {
  const inB = new Set(b);
  const shared = a.filter((v) => inB.has(v));
  return shared.length === 0 ? NO_BUCKETS : shared;
}

function firstNotBelow(bounds: Float64Array, x: number): number {
  const i = bounds.findIndex((b) => b >= x);
  return i < 0 ? bounds.length : i;
}
