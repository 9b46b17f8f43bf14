import { BatchBuilder } from "../../core/batch";
import { encodeLabels } from "../../core/label-bytes";
import {
  type Labels,
  METRIC_NAME,
  labelsFromPairs,
  labelsOf,
  renderLabels,
} from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import { type MetricType } from "../../core/series";
import { exemplarFits } from "../exemplars";
import { type Rejection, RejectionCount } from "../rejections";
import { readHistogram } from "./histogram";
import { ProtoWalker, WireFormatError } from "./walker";

/**
 * Remote write 1.0: the protobuf `prometheus.WriteRequest` is walked where it lies.
 * A series' label bytes are the batch's own form already, so that the usual sender's
 * labels are copied without a string being decoded; a value's eight bytes keep a stale
 * marker's bits (https://prometheus.io/docs/specs/prw/remote_write_spec/).
 */
export interface DecodedWrite {
  readonly batch: Uint8Array;
  /** Float samples of the batch, those of {@link staleHistograms} included. */
  readonly samples: number;
  readonly histograms: number;
  /** Histograms that mark their series as ended, which float samples do in a batch. */
  readonly staleHistograms: number;
  readonly exemplars: number;
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
const EXEMPLAR = (3 << 3) | LENGTH_DELIMITED;
const HISTOGRAM = (4 << 3) | LENGTH_DELIMITED;
const NAME = (1 << 3) | LENGTH_DELIMITED;
const VALUE = (2 << 3) | LENGTH_DELIMITED;
const SAMPLE_VALUE = (1 << 3) | 1;
const SAMPLE_TIME = (2 << 3) | 0;
const EXEMPLAR_VALUE = (2 << 3) | 1;
const EXEMPLAR_TIME = (3 << 3) | 0;

/**
 * Walks a decompressed body. Valid samples are packed even where others are rejected.
 * @param drop name of a label that is left out of every series, in UTF-8 (replicas.ts)
 */
export function decodeWriteRequest(
  bytes: Uint8Array,
  batchId: string,
  drop?: Uint8Array,
): Result<DecodedWrite, MalformedWrite> {
  const w = new ProtoWalker(bytes);
  const batch = new BatchBuilder(batchId);
  const rejected = new RejectionCount();
  const stale = { histograms: 0 };
  try {
    while (w.at < bytes.length) {
      const tag = w.tag(bytes.length);
      if (tag === TIMESERIES)
        readTimeSeries(w, w.lengthEnd(bytes.length), batch, rejected, stale, drop);
      else if (tag === METADATA) readMetadata(w, w.lengthEnd(bytes.length), batch);
      else w.skip(tag, bytes.length);
    }
  } catch (e) {
    if (e instanceof WireFormatError) return err({ at: e.at, message: e.message });
    throw e;
  }
  return ok({
    batch: batch.finish(),
    samples: batch.sampleCount,
    histograms: batch.histogramCount,
    staleHistograms: stale.histograms,
    exemplars: batch.exemplarCount,
    rejected: rejected.list,
  });
}

function readTimeSeries(
  w: ProtoWalker,
  end: number,
  batch: BatchBuilder,
  rejected: RejectionCount,
  stale: { histograms: number },
  drop: Uint8Array | undefined,
): void {
  const { bytes } = w;
  const start = w.at;
  let cut = 0;
  let cutEnd = 0;
  // The labels as one run of bytes, as long as they stand in canonical form.
  let canonical = true;
  let lastName = 0;
  let lastNameEnd = 0;
  let named = false;
  while (w.at < end && bytes[w.at] === LABEL) {
    const label = w.at++;
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
      named ||= w.equals(name, nameEnd, METRIC_NAME_BYTES);
      if (drop !== undefined && w.equals(name, nameEnd, drop)) {
        cut = label;
        cutEnd = labelEnd;
      }
    }
    lastName = name;
    lastNameEnd = nameEnd;
    w.at = labelEnd;
  }
  canonical &&= named && w.at - start <= LABEL_SET_LIMIT_BYTES;
  let ref = -1;
  if (canonical)
    ref = batch.seriesBytes(
      cutEnd === 0 ? bytes.subarray(start, w.at) : without(bytes, start, cut, cutEnd, w.at),
    );
  else {
    const repaired = repairLabels(w, start, end, drop);
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
      const { outcome } = readHistogram(w, w.lengthEnd(end), ref, batch, rejected);
      if (outcome === "stale") stale.histograms++;
    } else if (tag === EXEMPLAR) readExemplar(w, w.lengthEnd(end), ref, batch);
    else if (tag === LABEL) {
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

/** One that breaks the rules of exemplars is left out, as Prometheus does: its sample counts. */
function readExemplar(w: ProtoWalker, end: number, ref: number, batch: BatchBuilder): void {
  const pairs: [string, string][] = [];
  let value = 0;
  let time = 0;
  let whole = true;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === LABEL) {
      const label = readLabel(w, w.lengthEnd(end));
      if (label === undefined || label[0] === "") whole = false;
      else pairs.push(label);
    } else if (tag === EXEMPLAR_VALUE) value = w.double(end);
    else if (tag === EXEMPLAR_TIME) time = w.int64(end);
    else w.skip(tag, end);
  }
  const labels = labelsFromPairs(pairs);
  if (whole && exemplarFits(labels)) batch.exemplar(ref, time, value, labels);
}

/** A `Label` message; undefined where it is not UTF-8. */
function readLabel(w: ProtoWalker, end: number): [string, string] | undefined {
  let name: string | undefined = "";
  let value: string | undefined = "";
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === NAME) name = w.text(end);
    else if (tag === VALUE) value = w.text(end);
    else w.skip(tag, end);
  }
  return name === undefined || value === undefined ? undefined : [name, value];
}

/** Bytes [start, end) without [cut, cutEnd). */
function without(
  bytes: Uint8Array,
  start: number,
  cut: number,
  cutEnd: number,
  end: number,
): Uint8Array {
  const out = new Uint8Array(cut - start + end - cutEnd);
  out.set(bytes.subarray(start, cut));
  out.set(bytes.subarray(cutEnd, end), cut - start);
  return out;
}

type LabelFault = { readonly reason: "invalid_labels"; readonly example: string };

/** The slow way, for labels that are unsorted, repeated, empty or oddly encoded. Leaves the cursor anywhere. */
function repairLabels(
  w: ProtoWalker,
  start: number,
  end: number,
  drop: Uint8Array | undefined,
): Result<Labels, LabelFault> {
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
    const label = readLabel(w, labelEnd);
    if (label === undefined) return fault("a label that is not UTF-8");
    const [name, value] = label;
    if (name === "") return fault(`a label without a name, value ${JSON.stringify(value)}`);
    if (record.has(name)) return fault(`label name ${JSON.stringify(name)} twice`);
    record.set(name, value);
  }
  if (drop !== undefined) record.delete(new TextDecoder().decode(drop));
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

export const METRIC_NAME_BYTES = new TextEncoder().encode(METRIC_NAME);

/** `prometheus.MetricMetadata.MetricType`, by number. */
export const TYPES: readonly MetricType[] = [
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
