import { GAUGE, type Histogram } from "../../../core/histogram";
import { formatValue, seconds } from "../json-bytes";
import { ProtoWriter } from "../proto-writer";
import { spans } from "../remote-read/response";
import type { Format } from "./format";

/** The last sample of a series. */
export interface FederatedSample {
  readonly name: string;
  /** Names and values in turn, without the metric's name. */
  readonly labels: readonly string[];
  readonly timestampMs: number;
  readonly value: number;
  readonly histogram?: Histogram;
}

/**
 * Samples, those of a metric together, as an exposition. Their types are not told, as in Prometheus, and native
 * histograms only in the form that has them, protobuf.
 */
export function expose(samples: readonly FederatedSample[], format: Format): string | Uint8Array {
  if (format.kind === "protobuf") return families(samples, format);
  const openMetrics = format.kind === "openmetrics";
  let out = "";
  let family: string | undefined;
  for (const s of samples) {
    if (s.histogram !== undefined) continue;
    const name = named(s.name, METRIC, format);
    if (name !== family)
      out += `# TYPE ${METRIC.test(name) ? name : quoted(name)} ${openMetrics ? "unknown" : "untyped"}\n`;
    family = name;
    const time = openMetrics ? seconds(s.timestampMs) : String(s.timestampMs);
    out += `${series(name, s.labels, format)} ${formatValue(s.value)} ${time}\n`;
  }
  return openMetrics ? `${out}# EOF\n` : out;
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function series(name: string, labels: readonly string[], format: Format): string {
  const plain = METRIC.test(name);
  const parts = plain ? [] : [quoted(name)];
  for (let i = 0; i < labels.length; i += 2) {
    const label = named(labels[i] as string, LABEL, format);
    parts.push(`${LABEL.test(label) ? label : quoted(label)}=${quoted(labels[i + 1] as string)}`);
  }
  const braces = parts.length === 0 ? "" : `{${parts.join(",")}}`;
  return `${plain ? name : ""}${braces}`;
}

/** Where a reader takes no UTF-8 names, what an underscore can stand for becomes one. */
function named(name: string, legacy: RegExp, format: Format): string {
  if (format.utf8 || legacy.test(name)) return name;
  const kept = legacy === METRIC ? /[^a-zA-Z0-9_:]/gu : /[^a-zA-Z0-9_]/gu;
  return name.replaceAll(kept, "_").replace(/^(?=\d)/, "_");
}

function quoted(s: string): string {
  return `"${s.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** `io.prometheus.client.MetricType`, by number. */
const UNTYPED_TYPE = 3;
const HISTOGRAM_TYPE = 4;
const GAUGE_HISTOGRAM_TYPE = 5;

/** Delimited `io.prometheus.client.MetricFamily` messages; a metric of floats and histograms is two of them. */
function families(samples: readonly FederatedSample[], format: Format): Uint8Array {
  const out = new ProtoWriter();
  let open: { readonly key: string; readonly message: ProtoWriter } | undefined;
  const close = (): void => {
    if (open !== undefined) out.bytes.block(open.message.bytes.view());
  };
  for (const s of samples) {
    const type = typeOf(s.histogram);
    const key = `${type} ${s.name}`;
    if (open?.key !== key) {
      close();
      open = { key, message: new ProtoWriter() };
      open.message.text(1, named(s.name, METRIC, format));
      open.message.int(3, type);
    }
    open.message.message(4, (m) => metric(m, s, format));
  }
  close();
  return out.bytes.finish();
}

function typeOf(h: Histogram | undefined): number {
  if (h === undefined) return UNTYPED_TYPE;
  return h.resetHint === GAUGE ? GAUGE_HISTOGRAM_TYPE : HISTOGRAM_TYPE;
}

function metric(w: ProtoWriter, s: FederatedSample, format: Format): void {
  for (let i = 0; i < s.labels.length; i += 2) {
    w.message(1, (label) => {
      label.text(1, named(s.labels[i] as string, LABEL, format));
      label.text(2, s.labels[i + 1] as string);
    });
  }
  const { histogram: h } = s;
  if (h === undefined) w.message(5, (untyped) => untyped.double(1, s.value));
  else w.message(7, (m) => histogram(m, h));
  w.int(6, s.timestampMs);
}

/** `io.prometheus.client.Histogram`, in its form of float counts. */
function histogram(w: ProtoWriter, h: Histogram): void {
  w.double(4, h.count);
  w.double(2, h.sum);
  w.sint(5, h.schema);
  w.double(6, h.zeroThreshold);
  w.double(8, h.zeroCount);
  spans(w, 9, h.negativeSpans);
  w.doubles(11, h.negativeBuckets);
  spans(w, 12, h.positiveSpans);
  w.doubles(14, h.positiveBuckets);
}
