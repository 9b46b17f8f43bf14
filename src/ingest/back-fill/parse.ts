import { BatchBuilder } from "../../core/batch";
import { type Labels, renderLabels } from "../../core/labels";
import type { MetricMetadata, MetricType } from "../../core/series";
import { type BackFillFormat, LineError, LineReader } from "./line";

/** Samples of one batch: what a shard takes in with one call. */
const BATCH_SAMPLES = 50_000;
/** Bytes decoded at a time. */
const SLICE_BYTES = 1 << 18;
/** A line that is longer than this is none. */
export const MAX_LINE_BYTES = 1 << 20;

export interface BackFillOptions {
  readonly format: BackFillFormat;
  /** Number of the first line, where the body is a piece of a file. */
  readonly firstLine: number;
  /** Samples older than this are refused. */
  readonly horizonMs: number;
}

export type BackFillEvent =
  | { readonly kind: "batch"; readonly batch: Uint8Array; readonly samples: number }
  | { readonly kind: "tooOld"; readonly count: number; readonly example: string }
  | { readonly kind: "end"; readonly lines: number; readonly exemplars: number }
  /** Lines before it may be in batches that were given already. */
  | { readonly kind: "fault"; readonly line: number; readonly message: string };

/** Reads a dump in batches, one made at a time. Ends with `end` or `fault`. */
export function* parseBackFill(
  bytes: Uint8Array,
  options: BackFillOptions,
): Generator<BackFillEvent> {
  const reader = new LineReader(options.format);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const metadata = new Map<string, MetricMetadata>();
  let line = options.firstLine - 1;
  let builder = new BatchBuilder();
  let lastLabels: Labels | undefined;
  let ref = 0;
  let tooOld = 0;
  let example = "";
  let exemplars = 0;
  let ended = false;
  const flush = function* (): Generator<BackFillEvent> {
    if (!builder.isEmpty)
      yield { kind: "batch", batch: builder.finish(), samples: builder.sampleCount };
    builder = new BatchBuilder();
    lastLabels = undefined;
  };
  for (let at = 0; at < bytes.length;) {
    const end = sliceEnd(bytes, at);
    if (end - at > SLICE_BYTES + MAX_LINE_BYTES)
      return yield {
        kind: "fault",
        line: line + 1,
        message: `a line of more than ${MAX_LINE_BYTES} bytes`,
      };
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(at, end));
    } catch {
      return yield {
        kind: "fault",
        line: line + 1,
        message: "it, or one of the next lines, is not UTF-8",
      };
    }
    at = end;
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const raw of lines) {
      line++;
      const trimmed = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      try {
        if (ended) throw new LineError("something stands behind # EOF");
        if (trimmed.trim() === "") continue;
        if (trimmed.startsWith("#")) {
          if (trimmed === "# EOF") ended = options.format === "openmetrics";
          else note(trimmed, metadata, builder);
          continue;
        }
        const sample = reader.read(trimmed);
        if (sample.exemplar) exemplars++;
        if (sample.timeMs < options.horizonMs) {
          if (tooOld++ === 0) example = `${renderLabels(sample.labels)} at ${sample.timeMs}`;
          continue;
        }
        if (sample.labels !== lastLabels) {
          lastLabels = sample.labels;
          ref = builder.series(sample.labels);
        }
        builder.sample(ref, sample.timeMs, sample.value);
      } catch (e) {
        if (!(e instanceof LineError)) throw e;
        yield* flush();
        return yield { kind: "fault", line, message: e.message };
      }
      if (builder.sampleCount >= BATCH_SAMPLES) yield* flush();
    }
  }
  yield* flush();
  if (tooOld > 0) yield { kind: "tooOld", count: tooOld, example };
  yield { kind: "end", lines: line - options.firstLine + 1, exemplars };
}

/** End of the lines that fit in a slice, or of the one line that does not. */
function sliceEnd(bytes: Uint8Array, from: number): number {
  if (bytes.length - from <= SLICE_BYTES) return bytes.length;
  const last = bytes.lastIndexOf(10, from + SLICE_BYTES);
  if (last >= from) return last + 1;
  const next = bytes.indexOf(10, from + SLICE_BYTES);
  return next < 0 ? bytes.length : next + 1;
}

const TYPES: Readonly<Record<string, MetricType>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  gaugehistogram: "gaugehistogram",
  summary: "summary",
  info: "info",
  stateset: "stateset",
  unknown: "unknown",
  untyped: "unknown",
};

/** Takes up `# TYPE`, `# HELP` and `# UNIT`; any other comment says nothing about samples. */
function note(line: string, known: Map<string, MetricMetadata>, builder: BatchBuilder): void {
  const m = /^#\s+(TYPE|HELP|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)(?:\s+(.*))?$/.exec(line);
  if (m === null) return;
  const name = (m[2] as string).replaceAll('"', "");
  const text = m[3] ?? "";
  const before = known.get(name) ?? { name, type: "unknown", help: "", unit: "" };
  let next: MetricMetadata;
  if (m[1] === "TYPE") {
    const type = TYPES[text.trim()];
    if (type === undefined) throw new LineError(`${JSON.stringify(text)} is no metric type`);
    next = { ...before, type };
  } else next = m[1] === "HELP" ? { ...before, help: text } : { ...before, unit: text };
  known.set(name, next);
  builder.metadata(next);
}
