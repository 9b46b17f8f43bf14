import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { LabelBytesError, decodeLabels } from "../core/label-bytes";
import type { Exemplar } from "../core/series";

/** An exemplar of a series, its labels as bytes (label-bytes.ts). */
export interface StoredExemplar {
  readonly ref: number;
  readonly timeMs: number;
  readonly value: number;
  readonly labels: Uint8Array;
}

export type ExemplarVerdict = "kept" | "duplicate" | "out_of_order" | "labels_too_long" | "invalid";

/** Exemplars a shard keeps; the oldest goes for each new one. As Prometheus' `max_exemplars`, by shard. */
export const MAX_EXEMPLARS = 10_000;
/** Code points of an exemplar's names and values together (OpenMetrics 1.0, Exemplars). */
const MAX_LABEL_POINTS = 128;

/** The newest exemplars of a shard's series, in order of arrival. */
export class Exemplars {
  private readonly slots: StoredExemplar[] = [];
  /** Where the next one goes once all slots are taken. */
  private next = 0;
  private readonly newest = new Map<number, StoredExemplar>();

  constructor(private readonly max = MAX_EXEMPLARS) {}

  get count(): number {
    return this.slots.length;
  }

  /** Whether it would be kept. Of one series times must not fall; the same again is a repeat. */
  judge(e: StoredExemplar): ExemplarVerdict {
    const before = this.newest.get(e.ref);
    if (before !== undefined) {
      if (e.timeMs < before.timeMs) return "out_of_order";
      if (sameExemplar(before, e)) return "duplicate";
      if (e.timeMs === before.timeMs) return "out_of_order";
    }
    const text = readLabels(e.labels);
    if (text === undefined) return "invalid";
    return [...text.join("")].length > MAX_LABEL_POINTS ? "labels_too_long" : "kept";
  }

  /** Keeps one that {@link judge} took, or that the log or the checkpoint says was kept. */
  add(e: StoredExemplar): void {
    this.newest.set(e.ref, e);
    if (this.slots.length < this.max) {
      this.slots.push(e);
      return;
    }
    const gone = this.slots[this.next] as StoredExemplar;
    if (this.newest.get(gone.ref) === gone) this.newest.delete(gone.ref);
    this.slots[this.next] = e;
    this.next = (this.next + 1) % this.max;
  }

  /** Those with startMs ≤ t ≤ endMs of the series that `wanted` accepts, by series, each by time. */
  find(
    startMs: number,
    endMs: number,
    wanted: (ref: number) => boolean,
  ): ReadonlyMap<number, readonly Exemplar[]> {
    const out = new Map<number, Exemplar[]>();
    for (const e of this.inOrder()) {
      if (e.timeMs < startMs || e.timeMs > endMs || !wanted(e.ref)) continue;
      const exemplar = { labels: decodeLabels(e.labels), value: e.value, timestampMs: e.timeMs };
      const list = out.get(e.ref);
      if (list === undefined) out.set(e.ref, [exemplar]);
      else list.push(exemplar);
    }
    return out;
  }

  /** Forgets those of the series, whose numbers may be given again. */
  drop(refs: ReadonlySet<number>): void {
    const kept = this.inOrder().filter((e) => !refs.has(e.ref));
    this.slots.length = 0;
    this.newest.clear();
    this.next = 0;
    for (const e of kept) this.add(e);
  }

  /** All of them as bytes, drawn in docs/formats/exemplars.md. */
  encode(): Uint8Array {
    const w = new ByteWriter(64 * this.slots.length + 8);
    w.u8(VERSION);
    w.varint(this.slots.length);
    for (const e of this.inOrder()) putExemplar(w, e);
    return w.view();
  }

  get footprint(): number {
    return this.slots.length * 160;
  }

  private inOrder(): StoredExemplar[] {
    return [...this.slots.slice(this.next), ...this.slots.slice(0, this.next)];
  }
}

const VERSION = 1;

/** @throws CorruptBytesError */
export function decodeExemplars(bytes: Uint8Array): StoredExemplar[] {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION)
    throw new CorruptBytesError(`exemplars of version ${version} are not known`);
  const out: StoredExemplar[] = [];
  // Whatever count is said: what is not there ends the reading.
  for (let n = r.varint(); n > 0; n--) out.push(readExemplar(r));
  return out;
}

export function putExemplar(w: ByteWriter, e: StoredExemplar): void {
  w.varint(e.ref);
  w.f64(e.timeMs);
  w.f64(e.value);
  w.block(e.labels);
}

/** Its labels are a copy: what it is read from may be large. */
export function readExemplar(r: ByteReader): StoredExemplar {
  return { ref: r.varint(), timeMs: r.f64(), value: r.f64(), labels: r.block().slice() };
}

function sameExemplar(a: StoredExemplar, b: StoredExemplar): boolean {
  return (
    a.timeMs === b.timeMs &&
    Object.is(a.value, b.value) &&
    a.labels.length === b.labels.length &&
    a.labels.every((v, i) => v === b.labels[i])
  );
}

function readLabels(bytes: Uint8Array): readonly string[] | undefined {
  try {
    return decodeLabels(bytes);
  } catch (e) {
    if (e instanceof LabelBytesError) return undefined;
    throw e;
  }
}
