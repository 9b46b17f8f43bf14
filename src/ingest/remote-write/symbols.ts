import { ProtoWalker, WireFormatError } from "./walker";

/** Of one request: a symbol is two bytes on the wire and eight here. */
export const SYMBOLS_LIMIT = 1_000_000;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The symbols table of a remote write 2.0 request: where each string's bytes lie. None is decoded
 * until somebody asks for its text.
 */
export class Symbols {
  count = 0;
  private starts = new Uint32Array(256);
  private ends = new Uint32Array(256);

  constructor(private readonly w: ProtoWalker) {}

  /** @throws WireFormatError where there are too many */
  add(from: number, to: number): void {
    const i = this.count++;
    if (i === SYMBOLS_LIMIT) throw new WireFormatError(from, `more than ${SYMBOLS_LIMIT} symbols`);
    if (i === this.starts.length) {
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
    }
    this.starts[i] = from;
    this.ends[i] = to;
  }

  start(ref: number): number {
    return this.starts[ref] as number;
  }

  end(ref: number): number {
    return this.ends[ref] as number;
  }

  size(ref: number): number {
    return (this.ends[ref] as number) - (this.starts[ref] as number);
  }

  /** Negative where `a` sorts before `b`, 0 where they are equal. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const { bytes } = this.w;
    const from = this.start(a);
    const to = this.start(b);
    const n = Math.min(this.size(a), this.size(b));
    for (let i = 0; i < n; i++) {
      const d = (bytes[from + i] as number) - (bytes[to + i] as number);
      if (d !== 0) return d;
    }
    return this.size(a) - this.size(b);
  }

  equals(ref: number, other: Uint8Array): boolean {
    return this.w.equals(this.start(ref), this.end(ref), other);
  }

  /** Undefined where it is not UTF-8. */
  text(ref: number): string | undefined {
    try {
      return decoder.decode(this.w.bytes.subarray(this.start(ref), this.end(ref)));
    } catch {
      return undefined;
    }
  }
}

function grown(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}
