import { type Result, err, ok } from "../../core/result";
import { parseMediaType } from "../body/content";
import { type ExpositionBody, type ExpositionFault, feedExposition } from "./feed";
import type { ProtobufOptions } from "./protobuf";
import type { ExpositionSink } from "./sink";

export type ExpositionFormat = ExpositionBody["format"];

/**
 * The format that a Content-Type names, or undefined: since Prometheus 3 a scrape with no or another type fails
 * unless a format is configured to fall back to
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, contracts row 6).
 */
export function expositionFormat(
  contentType: string | null | undefined,
): ExpositionFormat | undefined {
  const { type, params } = parseMediaType(contentType);
  switch (type) {
    case "text/plain":
      return "text";
    case "application/openmetrics-text":
      return "openmetrics";
    case "application/vnd.google.protobuf":
      return params.get("encoding") === "delimited" && (params.get("proto") ?? FAMILY) === FAMILY
        ? "protobuf"
        : undefined;
    default:
      return undefined;
  }
}

/** What a scraper asks for, most wanted first. */
export const ACCEPT =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," +
  "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
  "text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

/**
 * The entry point to every exposition format: feeds the sink with what `bytes` hold, samples with their own
 * timestamps where they have them, native histograms, exemplars, created times and metadata. On a fault, what
 * stood before it was fed already.
 * @param format what {@link expositionFormat} gave, or the one that is configured
 */
export function parseExpositionBytes(
  bytes: Uint8Array,
  format: ExpositionFormat,
  sink: ExpositionSink,
  options: ProtobufOptions = {},
): Result<{ readonly samples: number }, ExpositionFault> {
  if (format === "protobuf") return feedExposition({ format, bytes }, sink, options);
  const text = expositionText(bytes);
  return text.ok ? feedExposition({ format, text: text.value }, sink) : text;
}

export function expositionText(bytes: Uint8Array): Result<string, ExpositionFault> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const line = lineOfBadText(bytes);
    return err({ where: `${line}:1`, message: `line ${line}: it holds bytes that are not UTF-8` });
  }
}

const FAMILY = "io.prometheus.client.MetricFamily";

function lineOfBadText(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let from = 0, line = 1; from < bytes.length; line++) {
    const newline = bytes.indexOf(10, from);
    const end = newline < 0 ? bytes.length : newline;
    try {
      decoder.decode(bytes.subarray(from, end));
    } catch {
      return line;
    }
    from = end + 1;
  }
  return 1;
}
