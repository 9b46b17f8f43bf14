import { BatchBuilder } from "../../core/batch";
import { LabelBytesError, decodeLabels } from "../../core/label-bytes";
import { type Result, err, ok } from "../../core/result";
import type { MetricType } from "../../core/series";
import { EXEMPLAR_LABELS_LIMIT, exemplarFits } from "../exemplars";
import { RejectionCount } from "../rejections";
import { type DecodedWrite, type MalformedWrite, TYPES } from "./decode";
import { readHistogram } from "./histogram";
import { LabelRefs } from "./label-refs";
import { Symbols } from "./symbols";
import { ProtoWalker, WireFormatError } from "./walker";

const BYTES = 2;
const field = (no: number, wire: number): number => (no << 3) | wire;
const SYMBOL = field(4, BYTES);
const TIMESERIES = field(5, BYTES);
const SAMPLE = field(2, BYTES);
const HISTOGRAM = field(3, BYTES);
const EXEMPLAR = field(4, BYTES);
const METADATA = field(5, BYTES);
const CREATED = field(6, 0);
const REFS = field(1, 0);
const REFS_PACKED = field(1, BYTES);

/**
 * Remote write 2.0: the protobuf `io.prometheus.write.v2.Request`, walked where it lies as version 1.0 is
 * (https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/). Valid samples are packed even where others
 * are rejected.
 * @param drop name of a label that is left out of every series, in UTF-8 (replicas.ts)
 */
export function decodeWriteRequestV2(
  bytes: Uint8Array,
  batchId: string,
  drop?: Uint8Array,
): Result<DecodedWrite, MalformedWrite> {
  const w = new ProtoWalker(bytes);
  const symbols = new Symbols(w);
  const batch = new BatchBuilder(batchId);
  const rejected = new RejectionCount();
  try {
    readSymbols(w, symbols);
    const series = new SeriesReader(w, symbols, new LabelRefs(w, symbols, drop), batch, rejected);
    w.at = 0;
    while (w.at < bytes.length) {
      const tag = w.tag(bytes.length);
      if (tag === TIMESERIES) series.read(w.lengthEnd(bytes.length));
      else w.skip(tag, bytes.length);
    }
    return ok({
      batch: batch.finish(),
      samples: batch.sampleCount,
      histograms: batch.histogramCount,
      staleHistograms: series.staleHistograms,
      exemplars: batch.exemplarCount,
      rejected: rejected.list,
    });
  } catch (e) {
    if (e instanceof WireFormatError) return err({ at: e.at, message: e.message });
    throw e;
  }
}

/** All of them first: a series may stand before the symbols that it uses. */
export function readSymbols(w: ProtoWalker, symbols: Symbols): void {
  const end = w.bytes.length;
  let series = false;
  while (w.at < end) {
    const at = w.at;
    const tag = w.tag(end);
    if (tag === SYMBOL) {
      const to = w.lengthEnd(end);
      if (symbols.count === 0 && to !== w.at)
        throw new WireFormatError(at, "the first symbol must be the empty string");
      symbols.add(w.at, to);
      w.at = to;
    } else {
      series ||= tag === TIMESERIES;
      if (at === 0 && tag === field(1, BYTES))
        throw new WireFormatError(
          0,
          "field 1 is of remote write 1.0, which another content type names",
        );
      w.skip(tag, end);
    }
  }
  if (series && symbols.count === 0) throw new WireFormatError(0, "series without a symbols table");
}

class SeriesReader {
  staleHistograms = 0;
  /** What was told of a metric, by its name's symbol: most series of a metric repeat it. */
  private readonly told = new Map<number, MetadataRefs>();

  constructor(
    private readonly w: ProtoWalker,
    private readonly symbols: Symbols,
    private readonly labels: LabelRefs,
    private readonly batch: BatchBuilder,
    private readonly rejected: RejectionCount,
  ) {}

  read(end: number): void {
    const { w, batch } = this;
    this.labels.clear();
    while (w.at < end && (w.bytes[w.at] === REFS_PACKED || w.bytes[w.at] === REFS))
      this.labels.read(w.tag(end), end);
    const bytes = this.labels.bytes(true);
    if (!bytes.ok) {
      const n = countFields(w, end);
      this.rejected.add("invalid_labels", n, () => bytes.error);
      return;
    }
    const { metricRef } = this.labels;
    const ref = batch.seriesBytes(bytes.value);
    const histogramsBefore = batch.histogramCount;
    let createdMs = 0;
    let type: MetricType = "unknown";
    while (w.at < end) {
      const tag = w.tag(end);
      if (tag === SAMPLE) createdMs = this.sample(w.lengthEnd(end), ref) || createdMs;
      else if (tag === HISTOGRAM) {
        const h = readHistogram(w, w.lengthEnd(end), ref, batch, this.rejected);
        if (h.outcome === "stale") this.staleHistograms++;
        createdMs = h.startMs || createdMs;
      } else if (tag === EXEMPLAR) this.exemplar(w.lengthEnd(end), ref);
      else if (tag === METADATA) type = this.metadata(w.lengthEnd(end), metricRef);
      else if (tag === CREATED) createdMs = w.int64(end) || createdMs;
      else if (tag === REFS || tag === REFS_PACKED)
        // Legal protobuf that no sender writes; taking it would cost every series a second walk.
        throw new WireFormatError(w.at, "a label stands after the samples of its series");
      else w.skip(tag, end);
    }
    if (createdMs > 0 && type !== "gauge" && type !== "gaugehistogram")
      batch.created(ref, createdMs, batch.histogramCount > histogramsBefore);
  }

  /** Gives its start timestamp, or 0. */
  private sample(end: number, ref: number): number {
    const { w } = this;
    let valueAt = -1;
    let time = 0;
    let start = 0;
    while (w.at < end) {
      const tag = w.tag(end);
      if (tag === field(1, 1)) {
        valueAt = w.at;
        w.advance(8, end);
      } else if (tag === field(2, 0)) time = w.int64(end);
      else if (tag === field(3, 0)) start = w.int64(end);
      else w.skip(tag, end);
    }
    const value = valueAt < 0 ? 0 : w.view.getFloat64(valueAt, true);
    // Only a NaN can lose bits as a number.
    if (value === value) this.batch.sample(ref, time, value);
    else this.batch.sampleBytes(ref, time, w.bytes, valueAt);
    return start;
  }

  /** One that breaks the rules of exemplars is left out, as Prometheus does: its sample counts. */
  private exemplar(end: number, ref: number): void {
    const { w } = this;
    let value = 0;
    let time = 0;
    this.labels.clear();
    while (w.at < end) {
      const tag = w.tag(end);
      if (tag === REFS || tag === REFS_PACKED) this.labels.read(tag, end);
      else if (tag === field(2, 1)) value = w.double(end);
      else if (tag === field(3, 0)) time = w.int64(end);
      else w.skip(tag, end);
    }
    const bytes = this.labels.bytes(false);
    if (bytes.ok && bytes.value.length < EXEMPLAR_BYTES && fits(bytes.value))
      this.batch.exemplarBytes(ref, time, value, bytes.value);
  }

  private metadata(end: number, metricRef: number): MetricType {
    const { w, symbols } = this;
    let type: MetricType = "unknown";
    let helpRef = 0;
    let unitRef = 0;
    while (w.at < end) {
      const tag = w.tag(end);
      if (tag === field(1, 0)) type = TYPES[w.int64(end)] ?? "unknown";
      else if (tag === field(3, 0)) helpRef = w.int64(end);
      else if (tag === field(4, 0)) unitRef = w.int64(end);
      else w.skip(tag, end);
    }
    if (type === "unknown" && helpRef === 0 && unitRef === 0) return type;
    const before = this.told.get(metricRef);
    if (before?.type === type && before.helpRef === helpRef && before.unitRef === unitRef)
      return type;
    this.told.set(metricRef, { type, helpRef, unitRef });
    const name = symbols.text(metricRef);
    const text = (ref: number): string => (ref < symbols.count ? (symbols.text(ref) ?? "") : "");
    if (name !== undefined)
      this.batch.metadata({
        name: familyName(name, type),
        type,
        help: text(helpRef),
        unit: text(unitRef),
      });
    return type;
  }
}

interface MetadataRefs {
  readonly type: MetricType;
  readonly helpRef: number;
  readonly unitRef: number;
}

const FAMILY_SUFFIX: Readonly<Partial<Record<MetricType, RegExp>>> = {
  histogram: /_(?:bucket|sum|count)$/,
  gaugehistogram: /_(?:bucket|gsum|gcount)$/,
  summary: /_(?:sum|count)$/,
};

/** Metadata comes with each series, and is asked for by the name of the metric. */
function familyName(name: string, type: MetricType): string {
  const suffix = FAMILY_SUFFIX[type];
  return suffix === undefined ? name : name.replace(suffix, "");
}

/** Most bytes that an exemplar's labels can have: 128 characters of four, and as many labels of one. */
const EXEMPLAR_BYTES = 4 * EXEMPLAR_LABELS_LIMIT + 8 * EXEMPLAR_LABELS_LIMIT;

function fits(labelBytes: Uint8Array): boolean {
  try {
    return exemplarFits(decodeLabels(labelBytes));
  } catch (e) {
    if (e instanceof LabelBytesError) return false;
    throw e;
  }
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
