import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import type { PageMark } from "./block-index";
import { type BlockLevel, isBlockLevel } from "./manifest";
import type { MergeProgress } from "./merge";

/** A merge under way, as the disk knows it: drawn in docs/formats/segment-block.md. */
export interface MergeRecord {
  readonly outputId: number;
  readonly level: BlockLevel;
  readonly inputs: readonly number[];
  readonly progress: MergeProgress;
}

const VERSION = 1;

export function encodeMergeRecord({ outputId, level, inputs, progress }: MergeRecord): Uint8Array {
  const { marks, bytes, samples, series, minMs, maxMs } = progress.written;
  const w = new ByteWriter(256 + marks.length * 16);
  w.u8(VERSION);
  w.varint(outputId);
  w.u8(level);
  w.varint(inputs.length);
  for (const id of inputs) w.varint(id);
  w.varint(progress.nextSeries);
  w.varint(progress.left.length);
  for (const n of progress.left) w.varint(n);
  for (const n of [bytes, samples, series]) w.varint(n);
  // Where all was deleted so far these are infinite.
  w.f64(minMs);
  w.f64(maxMs);
  w.varint(marks.length);
  for (const m of marks) {
    w.varint(m.firstSeries);
    w.zigzag(m.minMs);
    w.varint(m.maxMs - m.minMs);
  }
  return w.finish();
}

/** @throws CorruptBytesError */
export function decodeMergeRecord(data: Uint8Array): MergeRecord {
  const r = new ByteReader(data);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`merge version ${version} is not known`);
  const list = <T>(read: () => T): T[] => Array.from({ length: r.varint() }, read);
  const outputId = r.varint();
  const level = r.u8();
  if (!isBlockLevel(level)) throw new CorruptBytesError(`block level ${level} is not known`);
  const inputs = list(() => r.varint());
  const nextSeries = r.varint();
  const left = list(() => r.varint());
  const [bytes, samples, series] = [r.varint(), r.varint(), r.varint()];
  const [minMs, maxMs] = [r.f64(), r.f64()];
  const marks = list((): PageMark => {
    const firstSeries = r.varint();
    const min = r.zigzag();
    return { firstSeries, minMs: min, maxMs: min + r.varint() };
  });
  return {
    outputId,
    level,
    inputs,
    progress: { nextSeries, left, written: { marks, bytes, samples, series, minMs, maxMs } },
  };
}
