import type { Labels } from "../../core/labels";

/** Numbers of one answer that repeat the reference times are copied, not formatted: a grid is the same for every series. */
interface Times {
  readonly times: Float64Array;
  /** `[1700000000.5,"` for each time, one after the other. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

const NO_TIMES: Times = {
  times: new Float64Array(0),
  bytes: new Uint8Array(0),
  ends: new Uint32Array(0),
};
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;
const ZERO = 48;
const CLOSE = 93;
/** The longest point: a time, a value, and what stands around them. */
const POINT_BYTES = 96;
const ENCODER = new TextEncoder();

/**
 * JSON text as bytes. A matrix of 5,000 series is 40 MB: as strings it would be joined, flattened and
 * encoded, each a pass of its own.
 */
export class JsonBytes {
  length = 0;
  private bytes: Uint8Array;
  private reference: Times = NO_TIMES;

  constructor(private readonly capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  text(s: string): void {
    const n = s.length;
    this.reserve(3 * n);
    const b = this.bytes;
    let at = this.length;
    for (let i = 0; i < n; i++) {
      const c = s.charCodeAt(i);
      if (c > 127) {
        this.length += ENCODER.encodeInto(s, b.subarray(this.length)).written;
        return;
      }
      b[at++] = c;
    }
    this.length = at;
  }

  /** `{"name":"value"}` */
  labels(labels: Labels): void {
    this.text("{");
    for (let i = 0; i < labels.length; i++) {
      this.quoted(labels[i] as string);
      if (i + 1 < labels.length) this.text(i % 2 === 0 ? ":" : ",");
    }
    this.text("}");
  }

  /** `[seconds,"value"]` for every sample, commas between them. */
  points(timestamps: Float64Array, values: Float64Array): void {
    if (timestamps.length > 0) this.refer(timestamps);
    const { times, bytes: opens, ends } = this.reference;
    let next = 0;
    for (let i = 0; i < values.length; i++) {
      this.reserve(POINT_BYTES);
      if (i > 0) this.bytes[this.length++] = COMMA;
      const t = timestamps[i] as number;
      while (next < times.length && (times[next] as number) < t) next++;
      if (times[next] === t) {
        const b = this.bytes;
        let at = this.length;
        const end = ends[next] as number;
        for (let k = next === 0 ? 0 : (ends[next - 1] as number); k < end; k++)
          b[at++] = opens[k] as number;
        this.length = at;
      } else this.text(openOf(t));
      this.value(values[i] as number);
      this.bytes[this.length++] = QUOTE;
      this.bytes[this.length++] = CLOSE;
    }
  }

  /** What was written since the last call; the buffer goes with it. */
  take(): Uint8Array<ArrayBufferLike> {
    const out = this.bytes.subarray(0, this.length);
    this.bytes = new Uint8Array(this.capacity);
    this.length = 0;
    return out;
  }

  private quoted(s: string): void {
    const n = s.length;
    this.reserve(n + 2);
    const b = this.bytes;
    let at = this.length;
    b[at++] = QUOTE;
    for (let i = 0; i < n; i++) {
      const c = s.charCodeAt(i);
      if (c < 32 || c > 126 || c === QUOTE || c === BACKSLASH) return this.text(JSON.stringify(s));
      b[at++] = c;
    }
    b[at++] = QUOTE;
    this.length = at;
  }

  private value(v: number): void {
    const b = this.bytes;
    let at = this.length;
    if ((v | 0) === v && (v !== 0 || 1 / v > 0)) {
      let n = v;
      if (n < 0) {
        b[at++] = MINUS;
        n = -n;
      }
      let digits = 1;
      for (let limit = 10; n >= limit && digits < 10; limit *= 10) digits++;
      this.length = at + digits;
      for (let k = at + digits - 1; k >= at; k--) {
        const rest = Math.floor(n / 10);
        b[k] = ZERO + n - 10 * rest;
        n = rest;
      }
      return;
    }
    const s = formatValue(v);
    for (let i = 0; i < s.length; i++) b[at++] = s.charCodeAt(i);
    this.length = at;
  }

  /** Takes the times as the reference where they share nothing with the one there is. */
  private refer(times: Float64Array): void {
    const known = this.reference.times;
    if (times === known) return;
    const first = times[0] as number;
    if (first >= (known[0] as number) && first <= (known.at(-1) as number) && known.includes(first))
      return;
    const w = new JsonBytes(32 * times.length);
    const ends = new Uint32Array(times.length);
    for (let i = 0; i < times.length; i++) {
      w.text(openOf(times[i] as number));
      ends[i] = w.length;
    }
    this.reference = { times, bytes: w.take(), ends };
  }

  private reserve(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    const next = new Uint8Array(Math.max(2 * this.bytes.length, this.length + n));
    next.set(this.bytes.subarray(0, this.length));
    this.bytes = next;
  }
}

function openOf(ms: number): string {
  return `[${seconds(ms)},"`;
}

/** Milliseconds as seconds, with all three decimals where there are any. */
export function seconds(ms: number): string {
  if (ms % 1000 === 0) return String(ms / 1000);
  const negative = ms < 0 ? "-" : "";
  const abs = Math.abs(ms);
  return `${negative}${Math.floor(abs / 1000)}.${String(abs % 1000).padStart(3, "0")}`;
}

/** A value as Prometheus' JSON has it: the shortest form that reads back the same, with Go's exponent (`1e-07`). */
export function formatValue(v: number): string {
  if (Number.isInteger(v) && v < 1e15 && v > -1e15) return v === 0 && 1 / v < 0 ? "-0" : String(v);
  if (v !== v) return "NaN";
  if (v === Infinity) return "+Inf";
  if (v === -Infinity) return "-Inf";
  const s = String(v);
  const e = s.indexOf("e");
  if (e < 0 || s.length - e > 3) return s;
  return `${s.slice(0, e + 2)}0${s.slice(e + 2)}`;
}
