import { BatchBuilder } from "../../core/batch";
import { encodeLabels } from "../../core/label-bytes";
import { type Labels, METRIC_NAME, labelsOf, renderLabels } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import { type MetricType } from "../../core/series";
import { type Rejection, RejectionCount } from "../rejections";
import { ProtoWalker, WireFormatError } from "./walker";

/**
 * Remote write 1.0: the protobuf `prometheus.WriteRequest` is walked where it lies.
 * A series' label bytes are the batch's own form already, so that the usual sender's
 * labels are copied without a string being decoded; a value's eight bytes keep a stale
 * marker's bits (https://prometheus.io/docs/specs/prw/remote_write_spec/).
 */
export interface DecodedWrite {
  readonly batch: Uint8Array;
  readonly samples: number;
  /** Nothing of these is in the batch. */
  readonly rejected: readonly Rejection[];
}

export interface MalformedWrite {
  /** Byte offset in the decompressed body. */
  readonly at: number;
  readonly message: string;
}

/** One label set must fit a storage row many times over. */
export const LABEL_SET_LIMIT_BYTES = 32 * 1024;

const LENGTH_DELIMITED = 2;
const TIMESERIES = (1 << 3) | LENGTH_DELIMITED;
const METADATA = (3 << 3) | LENGTH_DELIMITED;
const LABEL = (1 << 3) | LENGTH_DELIMITED;
const SAMPLE = (2 << 3) | LENGTH_DELIMITED;
const HISTOGRAM = (4 << 3) | LENGTH_DELIMITED;
const NAME = (1 << 3) | LENGTH_DELIMITED;
const VALUE = (2 << 3) | LENGTH_DELIMITED;
const SAMPLE_VALUE = (1 << 3) | 1;
const SAMPLE_TIME = (2 << 3) | 0;

/** Walks a decompressed body. Valid samples are packed even where others are rejected. */
export function decodeWriteRequest(
  bytes: Uint8Array,
  batchId: string,
): Result<DecodedWrite, MalformedWrite> {
  const w = new ProtoWalker(bytes);
  const batch = new BatchBuilder(batchId);
  const rejected = new RejectionCount();
  try {
    while (w.at < bytes.length) {
      const tag = w.tag(bytes.length);
      if (tag === TIMESERIES) readTimeSeries(w, w.lengthEnd(bytes.length), batch, rejected);
      else if (tag === METADATA) readMetadata(w, w.lengthEnd(bytes.length), batch);
      else w.skip(tag, bytes.length);
    }
  } catch (e) {
    if (e instanceof WireFormatError) return err({ at: e.at, message: e.message });
    throw e;
  }
  return ok({ batch: batch.finish(), samples: batch.sampleCount, rejected: rejected.list });
}

function readTimeSeries(
  w: ProtoWalker,
  end: number,
  batch: BatchBuilder,
  rejected: RejectionCount,
): void {
  const { bytes } = w;
  const start = w.at;
  // The labels as one run of bytes, as long as they stand in canonical form.
  let canonical = true;
  let lastName = 0;
  let lastNameEnd = 0;
  let named = false;
  while (w.at < end && bytes[w.at] === LABEL) {
    w.at++;
    const labelEnd = w.lengthEnd(end);
    canonical &&= w.minimal;
    if (bytes[w.at] !== NAME) {
      canonical = false;
      w.at = labelEnd;
      continue;
    }
    w.at++;
    const nameEnd = w.lengthEnd(labelEnd);
    canonical &&= w.minimal;
    const name = w.at;
    w.at = nameEnd;
    if (
      nameEnd === name ||
      nameEnd >= labelEnd ||
      bytes[nameEnd] !== VALUE ||
      !w.rises(lastName, lastNameEnd, name, nameEnd)
    )
      canonical = false;
    else {
      w.at = nameEnd + 1;
      const valueEnd = w.lengthEnd(labelEnd);
      if (!w.minimal || valueEnd !== labelEnd || valueEnd === w.at) canonical = false;
      named ||= isMetricName(bytes, name, nameEnd);
    }
    lastName = name;
    lastNameEnd = nameEnd;
    w.at = labelEnd;
  }
  canonical &&= named && w.at - start <= LABEL_SET_LIMIT_BYTES;
  let ref = -1;
  if (canonical) ref = batch.seriesBytes(bytes.subarray(start, w.at));
  else {
    const repaired = repairLabels(w, start, end);
    w.at = start;
    if (!repaired.ok) {
      const count = countFields(w, end);
      rejected.add(repaired.error.reason, count, () => repaired.error.example);
      return;
    }
    ref = batch.seriesBytes(encodeLabels(repaired.value));
  }
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === SAMPLE) readSample(w, w.lengthEnd(end), ref, batch);
    else if (tag === HISTOGRAM) {
      w.at = w.lengthEnd(end);
      rejected.add(
        "native_histogram_unsupported",
        1,
        () => "native histograms over remote write 1.0",
      );
    } else if (tag === LABEL) {
      // Legal protobuf that no sender writes; taking it would cost every series a second walk.
      if (canonical)
        throw new WireFormatError(w.at, "a label stands after the samples of its series");
      w.skip(tag, end);
    } else w.skip(tag, end);
  }
}

function readSample(w: ProtoWalker, end: number, ref: number, batch: BatchBuilder): void {
  let valueAt = -1;
  let time = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === SAMPLE_VALUE) {
      valueAt = w.at;
      w.advance(8, end);
    } else if (tag === SAMPLE_TIME) time = w.int64(end);
    else w.skip(tag, end);
  }
  const value = valueAt < 0 ? 0 : w.view.getFloat64(valueAt, true);
  // Only a NaN can lose bits as a number.
  if (value === value) batch.sample(ref, time, value);
  else batch.sampleBytes(ref, time, w.bytes, valueAt);
}

type LabelFault = { readonly reason: "invalid_labels"; readonly example: string };

/** The slow way, for labels that are unsorted, repeated, empty or oddly encoded. Leaves the cursor anywhere. */
function repairLabels(w: ProtoWalker, start: number, end: number): Result<Labels, LabelFault> {
  const record = new Map<string, string>();
  const fault = (example: string): Result<Labels, LabelFault> =>
    err({ reason: "invalid_labels", example });
  w.at = start;
  let size = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag !== LABEL) {
      w.skip(tag, end);
      continue;
    }
    const labelEnd = w.lengthEnd(end);
    size += labelEnd - w.at;
    let name: string | undefined = "";
    let value: string | undefined = "";
    while (w.at < labelEnd) {
      const inner = w.tag(labelEnd);
      if (inner === NAME) name = w.text(labelEnd);
      else if (inner === VALUE) value = w.text(labelEnd);
      else w.skip(inner, labelEnd);
    }
    if (name === undefined || value === undefined) return fault("a label that is not UTF-8");
    if (name === "") return fault(`a label without a name, value ${JSON.stringify(value)}`);
    if (record.has(name)) return fault(`label name ${JSON.stringify(name)} twice`);
    record.set(name, value);
  }
  const labels = labelsOf(Object.fromEntries(record));
  if (size > LABEL_SET_LIMIT_BYTES)
    return fault(`a label set of ${size} bytes; the limit is ${LABEL_SET_LIMIT_BYTES}`);
  if ((record.get(METRIC_NAME) ?? "") === "")
    return fault(`no metric name in ${renderLabels(labels)}`);
  return ok(labels);
}

/** How many samples and histograms a rejected series carries; consumes it. */
function countFields(w: ProtoWalker, end: number): number {
  let n = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === SAMPLE || tag === HISTOGRAM) n++;
    w.skip(tag, end);
  }
  return n;
}

const METRIC_NAME_BYTES = new TextEncoder().encode(METRIC_NAME);

function isMetricName(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== METRIC_NAME_BYTES.length) return false;
  for (let i = 0; i < METRIC_NAME_BYTES.length; i++)
    if (bytes[from + i] !== METRIC_NAME_BYTES[i]) return false;
  return true;
}

/** `prometheus.MetricMetadata.MetricType`, by number. */
const TYPES: readonly MetricType[] = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
];

function readMetadata(w: ProtoWalker, end: number, batch: BatchBuilder): void {
  let type: MetricType = "unknown";
  let name: string | undefined = "";
  let help: string | undefined = "";
  let unit: string | undefined = "";
  while (w.at < end) {
    const tag = w.tag(end);
    switch (tag) {
      case 1 << 3:
        type = TYPES[w.int64(end)] ?? "unknown";
        break;
      case (2 << 3) | LENGTH_DELIMITED:
        name = w.text(end);
        break;
      case (4 << 3) | LENGTH_DELIMITED:
        help = w.text(end);
        break;
      case (5 << 3) | LENGTH_DELIMITED:
        unit = w.text(end);
        break;
      default:
        w.skip(tag, end);
    }
  }
  if (name !== undefined && name !== "")
    batch.metadata({ name, type, help: help ?? "", unit: unit ?? "" });
}
