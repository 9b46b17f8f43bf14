import type { ByteWriter } from "../core/byte-writer";
import { putOffsetsChunk } from "./chunk";
import { isHistogramAt, markHistogram } from "./histogram-mark";

/** Bytes of one sample in the head: value 8, time offset 4, series 4, previous sample 4. */
export const HEAD_SAMPLE_BYTES = 20;

/** Of each histogram beside its bytes: the array object. */
const HISTOGRAM_OVERHEAD = 96;
const MARK = new Uint32Array(2);

/** A stretch of one series read out of the head: elements from..to of shared columns, sorted by time, no time twice. */
export interface HeadSamples {
  readonly from: number;
  readonly to: number;
  readonly offsets: Int32Array;
  /** Values as 32-bit words. */
  readonly bits: Uint32Array;
}

/**
 * The newest samples, in order of arrival, as columns; samples of one series
 * are a chain from the newest back. Times are 32-bit offsets from a base.
 */
export class Head {
  count = 0;
  minTime = Infinity;
  maxTime = -Infinity;
  /** Times are kept as offsets from this, ms; set by the first sample. */
  base = 0;
  private refs = new Uint32Array(1024);
  private offsets = new Int32Array(1024);
  private previous = new Int32Array(1024);
  private values = new Float64Array(1024);
  private bits = new Uint32Array(this.values.buffer);
  private last = new Int32Array(256).fill(-1);
  private counts = new Uint32Array(256);
  private unsorted = new Uint8Array(256);
  /** Histograms as bytes (core/histogram-bytes.ts), which samples point to (histogram-mark.ts). */
  private readonly histograms: Uint8Array[] = [];
  private histogramBytes = 0;
  /** Series with histograms among their samples. */
  private readonly withHistograms = new Set<number>();
  /** Series with samples, in order of first arrival. */
  readonly series: number[] = [];
  private scratchOffsets = new Int32Array(512);
  private scratchOffsetBytes = new Uint8Array(this.scratchOffsets.buffer);
  private scratchBits = new Uint32Array(1024);
  private scratchBitBytes = new Uint8Array(this.scratchBits.buffer);

  get bytes(): number {
    return this.count * HEAD_SAMPLE_BYTES + this.histogramBytes;
  }

  /** Appends a histogram, as bytes. */
  appendHistogram(ref: number, time: number, bytes: Uint8Array): void {
    markHistogram(MARK, 0, this.histograms.push(bytes) - 1);
    this.histogramBytes += bytes.length + HISTOGRAM_OVERHEAD;
    this.withHistograms.add(ref);
    this.append(ref, time, MARK, 0);
  }

  /** The bytes of a histogram by its number. */
  histogram(number: number): Uint8Array {
    const bytes = this.histograms[number];
    if (bytes === undefined) throw new Error(`the head has no histogram ${number}`);
    return bytes;
  }

  hasHistograms(ref: number): boolean {
    return this.withHistograms.size > 0 && this.withHistograms.has(ref);
  }

  /** The bytes of the histogram at element `at`; undefined where a float stands there. */
  histogramAt(at: number): Uint8Array | undefined {
    return isHistogramAt(this.bits, at) ? this.histogram(this.bits[2 * at] as number) : undefined;
  }

  /** Whether the time can be kept beside the others; where not, the head must be folded first. */
  fits(time: number): boolean {
    return this.count === 0 || Math.abs(time - this.base) < 2 ** 31;
  }

  /** Appends a sample whose value stands at element `i` of `from` (a 32-bit view: a NaN keeps its bits). */
  append(ref: number, time: number, from: Uint32Array, i: number): void {
    if (this.count === 0) this.base = time;
    if (this.count === this.refs.length) this.growSamples();
    if (ref >= this.last.length) this.growSeries(ref);
    const at = this.count++;
    const offset = time - this.base;
    const prev = this.last[ref] as number;
    if (prev < 0) this.series.push(ref);
    else if (offset <= (this.offsets[prev] as number)) this.unsorted[ref] = 1;
    this.refs[at] = ref;
    this.offsets[at] = offset;
    this.previous[at] = prev;
    this.bits[2 * at] = from[2 * i] as number;
    this.bits[2 * at + 1] = from[2 * i + 1] as number;
    this.last[ref] = at;
    (this.counts[ref] as number)++;
    if (time < this.minTime) this.minTime = time;
    if (time > this.maxTime) this.maxTime = time;
  }

  /** Makes room for `n` more samples at once. */
  reserveSamples(n: number): void {
    while (this.count + n > this.refs.length) this.growSamples();
  }

  countOf(ref: number): number {
    return ref < this.last.length ? (this.counts[ref] as number) : 0;
  }

  /** Element of the sample of `ref` at `time`, or −1. Walks back from the newest. */
  find(ref: number, time: number): number {
    if (ref >= this.last.length) return -1;
    const offset = time - this.base;
    const sorted = this.unsorted[ref] === 0;
    for (let at = this.last[ref] as number; at >= 0; at = this.previous[at] as number) {
      const o = this.offsets[at] as number;
      if (o === offset) return at;
      if (sorted && o < offset) return -1;
    }
    return -1;
  }

  /** Elements of the samples of `ref` by time, for many look-ups: {@link find} may walk all of them for each. */
  elementsOf(ref: number): Map<number, number> {
    const out = new Map<number, number>();
    if (ref >= this.last.length) return out;
    for (let at = this.last[ref] as number; at >= 0; at = this.previous[at] as number)
      out.set(this.base + (this.offsets[at] as number), at);
    return out;
  }

  /** Whether the value at element `at` has the bits of element `i` of `from`. */
  sameBits(at: number, from: Uint32Array, i: number): boolean {
    return this.bits[2 * at] === from[2 * i] && this.bits[2 * at + 1] === from[2 * i + 1];
  }

  valueAt(at: number): number {
    return this.values[at] as number;
  }

  /**
   * Samples of one series with after < t ≤ to, sorted by time. The columns are
   * scratch space: they hold until the next call.
   */
  read(ref: number, after: number, to: number): HeadSamples {
    const max = this.countOf(ref);
    this.reserve(max);
    const offsets = this.scratchOffsets;
    const bits = this.scratchBits;
    const low = after - this.base;
    const high = to - this.base;
    const sorted = max === 0 || this.unsorted[ref] === 0;
    let at = max === 0 ? -1 : (this.last[ref] as number);
    let fill = max;
    for (; at >= 0; at = this.previous[at] as number) {
      const o = this.offsets[at] as number;
      if (o > high) continue;
      if (o <= low) {
        if (sorted) break;
        continue;
      }
      fill--;
      offsets[fill] = o;
      bits[2 * fill] = this.bits[2 * at] as number;
      bits[2 * fill + 1] = this.bits[2 * at + 1] as number;
    }
    if (!sorted) sortByOffset(offsets, bits, fill, max);
    return { from: fill, to: max, offsets, bits };
  }

  /** Writes what {@link read} found as a chunk. */
  putChunk(w: ByteWriter, s: HeadSamples): void {
    putOffsetsChunk(w, this.base, this.scratchOffsetBytes, this.scratchBitBytes, s.from, s.to);
  }

  clear(): void {
    for (const ref of this.series) {
      this.last[ref] = -1;
      this.counts[ref] = 0;
      this.unsorted[ref] = 0;
    }
    this.series.length = 0;
    this.histograms.length = 0;
    this.histogramBytes = 0;
    this.withHistograms.clear();
    this.count = 0;
    this.minTime = Infinity;
    this.maxTime = -Infinity;
  }

  get footprint(): number {
    return this.refs.length * HEAD_SAMPLE_BYTES + this.last.length * 9 + this.histogramBytes;
  }

  private reserve(n: number): void {
    if (n <= this.scratchOffsets.length) return;
    this.scratchOffsets = new Int32Array(2 * n);
    this.scratchOffsetBytes = new Uint8Array(this.scratchOffsets.buffer);
    this.scratchBits = new Uint32Array(4 * n);
    this.scratchBitBytes = new Uint8Array(this.scratchBits.buffer);
  }

  private growSamples(): void {
    const n = this.refs.length * 2;
    const refs = new Uint32Array(n);
    refs.set(this.refs);
    this.refs = refs;
    const offsets = new Int32Array(n);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const previous = new Int32Array(n);
    previous.set(this.previous);
    this.previous = previous;
    const bits = new Uint32Array(2 * n);
    bits.set(this.bits);
    this.bits = bits;
    this.values = new Float64Array(bits.buffer);
  }

  private growSeries(ref: number): void {
    const n = Math.max(this.last.length * 2, ref + 1);
    const last = new Int32Array(n).fill(-1);
    last.set(this.last);
    this.last = last;
    const counts = new Uint32Array(n);
    counts.set(this.counts);
    this.counts = counts;
    const unsorted = new Uint8Array(n);
    unsorted.set(this.unsorted);
    this.unsorted = unsorted;
  }
}

/** Sorts the stretch by time; every time is there once, as append refuses repeats. */
function sortByOffset(offsets: Int32Array, bits: Uint32Array, from: number, to: number): void {
  const order = Array.from({ length: to - from }, (_, i) => from + i).sort(
    (a, b) => (offsets[a] as number) - (offsets[b] as number),
  );
  const o = order.map((i) => offsets[i] as number);
  const lo = order.map((i) => bits[2 * i] as number);
  const hi = order.map((i) => bits[2 * i + 1] as number);
  for (let i = 0; i < order.length; i++) {
    offsets[from + i] = o[i] as number;
    bits[2 * (from + i)] = lo[i] as number;
    bits[2 * (from + i) + 1] = hi[i] as number;
  }
}
