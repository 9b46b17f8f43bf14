import { type Result, err, ok } from "../../core/result";
import { LABEL_SET_LIMIT_BYTES, METRIC_NAME_BYTES } from "./decode";
import type { Symbols } from "./symbols";
import { type ProtoWalker, WireFormatError } from "./walker";

/** Labels of one series; OpenMetrics and Prometheus know no bound, a request must. */
const REFS_LIMIT = 2 * 1024;
/** Bytes that a request's label sets may unfold to: symbols are told once and may be used in each series. */
export const UNFOLDED_LIMIT_BYTES = 48 * 1024 * 1024;
const ARENA_BYTES = 64 * 1024;

interface Before {
  readonly bytes: Uint8Array;
  readonly pairs: number;
  /** Which pair is the metric's name. */
  readonly namePair: number;
  readonly metricRef: number;
}

const NONE_BEFORE: Before = { bytes: new Uint8Array(), pairs: 0, namePair: 0, metricRef: 0 };

/** Makes label bytes (core/label-bytes.ts) of symbol references by copying, no string decoded. */
export class LabelRefs {
  private readonly refs = new Uint32Array(REFS_LIMIT);
  private count = 0;
  /** The symbol of the metric's name, of the last label set with one. */
  metricRef = 0;
  private arena = new Uint8Array(ARENA_BYTES);
  private used = 0;
  /** The series before: neighbours mostly differ in their last labels alone. */
  private before: Before = NONE_BEFORE;
  private readonly beforeRefs = new Uint32Array(REFS_LIMIT);
  /** Where each pair of it ends within its bytes. */
  private readonly beforeEnds = new Uint32Array(REFS_LIMIT / 2);
  private unfolded = 0;

  constructor(
    private readonly w: ProtoWalker,
    private readonly symbols: Symbols,
    private readonly drop: Uint8Array | undefined,
  ) {}

  clear(): void {
    this.count = 0;
  }

  /** Reads references, one or a packed run, as the tag says. */
  read(tag: number, end: number): void {
    const { w } = this;
    const stop = (tag & 7) === 0 ? w.at + 1 : w.lengthEnd(end);
    while (w.at < stop) {
      if (this.count === REFS_LIMIT)
        throw new WireFormatError(w.at, `more than ${REFS_LIMIT / 2} labels`);
      this.refs[this.count++] = w.int64((tag & 7) === 0 ? end : stop);
    }
  }

  /** Label bytes of what was read, sorted and without empty values, or why they are no label set. */
  bytes(metricName: boolean): Result<Uint8Array, string> {
    const { refs, symbols } = this;
    if (this.count % 2 !== 0) return err(`${this.count} label references, which are no pairs`);
    // An exemplar's labels stand between two series and are none.
    if (!metricName) this.before = NONE_BEFORE;
    const shared = this.sharedPairs();
    let sorted = true;
    let size = shared === 0 ? 0 : (this.beforeEnds[shared - 1] as number);
    let named = shared > this.before.namePair;
    let kept = 2 * shared;
    let namePair = named ? this.before.namePair : 0;
    if (named) this.metricRef = this.before.metricRef;
    for (let i = kept; i < this.count; i += 2) {
      const name = refs[i] as number;
      const value = refs[i + 1] as number;
      if (name >= symbols.count || value >= symbols.count)
        return err(`a label reference beyond the ${symbols.count} symbols`);
      const nameSize = symbols.size(name);
      const valueSize = symbols.size(value);
      if (nameSize === 0)
        return err(`a label without a name, value ${JSON.stringify(this.shown(value))}`);
      // An empty label is an absent one.
      if (valueSize === 0 || (this.drop !== undefined && symbols.equals(name, this.drop))) continue;
      if (!named && symbols.equals(name, METRIC_NAME_BYTES)) {
        named = true;
        namePair = kept / 2;
        this.metricRef = value;
      }
      if (kept > 0 && symbols.compare(refs[kept - 2] as number, name) >= 0) sorted = false;
      refs[kept] = name;
      refs[kept + 1] = value;
      kept += 2;
      const pair = 2 + lengthSize(nameSize) + nameSize + lengthSize(valueSize) + valueSize;
      size += 1 + lengthSize(pair) + pair;
    }
    this.count = kept;
    if (metricName && !named) return err(`no metric name in {${this.shownAll()}}`);
    if (size > LABEL_SET_LIMIT_BYTES)
      return err(`a label set of ${size} bytes; the limit is ${LABEL_SET_LIMIT_BYTES}`);
    if (!sorted) {
      this.before = NONE_BEFORE;
      const twice = this.sort();
      if (twice !== undefined) return err(`label name ${JSON.stringify(this.shown(twice))} twice`);
    }
    this.unfolded += size;
    if (this.unfolded > UNFOLDED_LIMIT_BYTES)
      throw new WireFormatError(
        this.w.at,
        `label sets of more than ${UNFOLDED_LIMIT_BYTES} bytes together: send smaller requests`,
      );
    const bytes = this.write(size, sorted ? shared : 0);
    if (metricName && sorted) this.remember(bytes, namePair);
    return ok(bytes);
  }

  /** How many pairs at the start are those of the series before. */
  private sharedPairs(): number {
    const { refs, beforeRefs } = this;
    const n = Math.min(this.count, 2 * this.before.pairs);
    let i = 0;
    while (i < n && refs[i] === beforeRefs[i] && refs[i + 1] === beforeRefs[i + 1]) i += 2;
    return i / 2;
  }

  private remember(bytes: Uint8Array, namePair: number): void {
    for (let i = 0; i < this.count; i++) this.beforeRefs[i] = this.refs[i] as number;
    this.before = { bytes, pairs: this.count / 2, namePair, metricRef: this.metricRef };
  }

  private write(size: number, shared: number): Uint8Array {
    if (this.used + size > this.arena.length) {
      this.arena = new Uint8Array(Math.max(ARENA_BYTES, size));
      this.used = 0;
    }
    const { arena, refs, symbols } = this;
    const from = this.used;
    let at = from;
    if (shared > 0) {
      const end = this.beforeEnds[shared - 1] as number;
      arena.set(this.before.bytes.subarray(0, end), from);
      at += end;
    }
    for (let i = 2 * shared; i < this.count; i += 2) {
      const name = refs[i] as number;
      const value = refs[i + 1] as number;
      const nameSize = symbols.size(name);
      const valueSize = symbols.size(value);
      arena[at++] = 0x0a;
      at = putLength(
        arena,
        at,
        2 + lengthSize(nameSize) + nameSize + lengthSize(valueSize) + valueSize,
      );
      arena[at++] = 0x0a;
      at = putLength(arena, at, nameSize);
      at = this.copy(at, name, nameSize);
      arena[at++] = 0x12;
      at = putLength(arena, at, valueSize);
      at = this.copy(at, value, valueSize);
      this.beforeEnds[i / 2] = at - from;
    }
    this.used = at;
    return arena.subarray(from, at);
  }

  private copy(to: number, ref: number, size: number): number {
    const { arena } = this;
    const { bytes } = this.w;
    const from = this.symbols.start(ref);
    // A loop is quicker than a subarray and set() for the length of most names and values.
    if (size < 48) for (let i = 0; i < size; i++) arena[to + i] = bytes[from + i] as number;
    else arena.set(bytes.subarray(from, from + size), to);
    return to + size;
  }

  /** Sorts the pairs by name; gives a name that is there twice. */
  private sort(): number | undefined {
    const pairs: [name: number, value: number][] = [];
    for (let i = 0; i < this.count; i += 2)
      pairs.push([this.refs[i] as number, this.refs[i + 1] as number]);
    pairs.sort((a, b) => this.symbols.compare(a[0], b[0]));
    for (const [i, [name, value]] of pairs.entries()) {
      const before = pairs[i - 1];
      if (before !== undefined && this.symbols.compare(before[0], name) === 0) return name;
      this.refs[2 * i] = name;
      this.refs[2 * i + 1] = value;
    }
    return undefined;
  }

  private shown(ref: number): string {
    return (this.symbols.text(ref) ?? "\ufffd").slice(0, 100);
  }

  private shownAll(): string {
    const shown: string[] = [];
    for (let i = 0; i < Math.min(this.count, 20); i += 2)
      shown.push(
        `${this.shown(this.refs[i] as number)}=${JSON.stringify(this.shown(this.refs[i + 1] as number))}`,
      );
    return shown.join(", ");
  }
}

function lengthSize(n: number): number {
  return n < 128 ? 1 : n < 16_384 ? 2 : n < 2_097_152 ? 3 : 4;
}

function putLength(out: Uint8Array, from: number, n: number): number {
  let at = from;
  let rest = n;
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128;
  out[at++] = rest;
  return at;
}
