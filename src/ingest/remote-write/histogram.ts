import type { BatchBuilder } from "../../core/batch";
import type { ResetHint, Span } from "../../core/histogram";
import { STALE_BYTES } from "../../core/stale";
import { buildHistogram } from "../native-histogram/build";
import type { RejectionCount } from "../rejections";
import type { ProtoWalker } from "./walker";

/** What became of one histogram message. */
export interface ReadHistogram {
  readonly outcome: "stored" | "stale" | "rejected";
  /** Field `start_timestamp` of version 2, ms; 0 where it is not told. */
  readonly startMs: number;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const field = (no: number, wire: number): number => (no << 3) | wire;

/**
 * Reads a `Histogram`, whose fields both versions share, into the batch. A stale histogram becomes a float stale
 * marker, which is what ends every series here
 * (https://github.com/prometheus/prometheus/blob/main/prompb/io/prometheus/write/v2/types.proto).
 */
export function readHistogram(
  w: ProtoWalker,
  end: number,
  ref: number,
  batch: BatchBuilder,
  rejected: RejectionCount,
): ReadHistogram {
  let count = 0;
  let zeroCount = 0;
  let floats = false;
  let sum = 0;
  let stale = false;
  let schema = 0;
  let zeroThreshold = 0;
  let hint = 0;
  let timeMs = 0;
  let startMs = 0;
  const negative = { spans: [] as Span[], deltas: [] as number[], counts: [] as number[] };
  const positive = { spans: [] as Span[], deltas: [] as number[], counts: [] as number[] };
  const customValues: number[] = [];
  while (w.at < end) {
    const tag = w.tag(end);
    switch (tag) {
      case field(1, VARINT):
        count = w.int64(end);
        break;
      case field(2, FIXED64):
        count = w.double(end);
        floats = true;
        break;
      case field(3, FIXED64):
        stale = isStale(w);
        sum = w.double(end);
        break;
      case field(4, VARINT):
        schema = w.zigzag(end);
        break;
      case field(5, FIXED64):
        zeroThreshold = w.double(end);
        break;
      case field(6, VARINT):
        zeroCount = w.int64(end);
        break;
      case field(7, FIXED64):
        zeroCount = w.double(end);
        break;
      case field(8, BYTES):
        negative.spans.push(readSpan(w, w.lengthEnd(end)));
        break;
      case field(9, VARINT):
      case field(9, BYTES):
        w.zigzags(tag, end, negative.deltas);
        break;
      case field(10, FIXED64):
      case field(10, BYTES):
        w.doubles(tag, end, negative.counts);
        break;
      case field(11, BYTES):
        positive.spans.push(readSpan(w, w.lengthEnd(end)));
        break;
      case field(12, VARINT):
      case field(12, BYTES):
        w.zigzags(tag, end, positive.deltas);
        break;
      case field(13, FIXED64):
      case field(13, BYTES):
        w.doubles(tag, end, positive.counts);
        break;
      case field(14, VARINT):
        hint = w.int64(end);
        break;
      case field(15, VARINT):
        timeMs = w.int64(end);
        break;
      case field(16, FIXED64):
      case field(16, BYTES):
        w.doubles(tag, end, customValues);
        break;
      case field(17, VARINT):
        startMs = w.int64(end);
        break;
      default:
        w.skip(tag, end);
    }
  }
  if (stale) {
    batch.sampleBytes(ref, timeMs, STALE_BYTES, 0);
    return { outcome: "stale", startMs };
  }
  const built = buildHistogram({
    schema,
    resetHint: hint === 1 || hint === 2 || hint === 3 ? (hint as ResetHint) : 0,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    floats,
    positive,
    negative,
    customValues,
  });
  if (!built.ok) {
    rejected.add(
      "invalid_histogram",
      1,
      () => `a native histogram at ${timeMs} with ${built.error}`,
    );
    return { outcome: "rejected", startMs };
  }
  batch.histogram(ref, timeMs, built.value);
  return { outcome: "stored", startMs };
}

function readSpan(w: ProtoWalker, end: number): Span {
  let offset = 0;
  let length = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === field(1, VARINT)) offset = w.zigzag(end);
    else if (tag === field(2, VARINT)) length = w.int64(end);
    else w.skip(tag, end);
  }
  return { offset, length };
}

/** Whether the eight bytes at the cursor are the stale marker's. */
function isStale(w: ProtoWalker): boolean {
  for (let i = 0; i < 8; i++) if (w.bytes[w.at + i] !== STALE_BYTES[i]) return false;
  return true;
}
