import {
  CUSTOM_BUCKETS,
  GAUGE,
  type Histogram,
  NOT_RESET,
  RESET,
  RESET_UNKNOWN,
  type ResetHint,
  type Span,
  isExponentialSchema,
} from "./histogram";
import { type Result, err, ok } from "./result";

const HINTS: Readonly<Record<string, ResetHint>> = {
  unknown: RESET_UNKNOWN,
  reset: RESET,
  not_reset: NOT_RESET,
  gauge: GAUGE,
};
const HINT_NAMES = Object.entries(HINTS);

/**
 * `{{schema:1 sum:3 count:2 buckets:[1 1]}}`: a native histogram in the notation of Prometheus' unit tests
 * (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series).
 */
export function parseHistogram(text: string): Result<Histogram, string> {
  const body = /^\{\{([^{}]*)\}\}$/.exec(text.trim())?.[1];
  if (body === undefined) return err(`not a histogram: ${text}`);
  const fields = new Map<string, string>();
  let rest = body.trim();
  while (rest !== "") {
    const m = /^([a-z_]+):(\[[^\]]*\]|[^\s[\]]+)\s*/.exec(rest);
    if (m === null) return err(`not a histogram's field: ${rest}`);
    const [whole, name = "", value = ""] = m;
    if (fields.has(name)) return err(`a histogram's field stands twice: ${name}`);
    fields.set(name, value);
    rest = rest.slice(whole.length);
  }
  const read = new FieldReader(fields);
  const positive = read.list("buckets");
  const negative = read.list("n_buckets");
  const histogram: Histogram = {
    schema: read.number("schema"),
    resetHint: read.hint(),
    zeroThreshold: read.number("z_bucket_w"),
    zeroCount: read.number("z_bucket"),
    count: read.number("count"),
    sum: read.number("sum"),
    positiveSpans: spansOf(read.number("offset"), positive.length),
    positiveBuckets: positive,
    negativeSpans: spansOf(read.number("n_offset"), negative.length),
    negativeBuckets: negative,
    customValues: read.list("custom_values"),
  };
  const unread = [...fields.keys()][0];
  if (read.problem !== undefined) return err(read.problem);
  if (unread !== undefined) return err(`not a histogram's field: ${unread}`);
  if (!isExponentialSchema(histogram.schema) && histogram.schema !== CUSTOM_BUCKETS)
    return err(`not a histogram's schema: ${histogram.schema}`);
  return ok(histogram);
}

/** The histogram in the same notation: fields that are zero left out, gaps between buckets as zeros. */
export function renderHistogram(h: Histogram): string {
  const out: string[] = [];
  const put = (name: string, value: number): void => {
    if (value !== 0) out.push(`${name}:${goFloat(value)}`);
  };
  put("schema", h.schema);
  put("count", h.count);
  put("sum", h.sum);
  put("z_bucket", h.zeroCount);
  put("z_bucket_w", h.zeroThreshold);
  if (h.schema === CUSTOM_BUCKETS) out.push(`custom_values:${listText(h.customValues)}`);
  const hint = HINT_NAMES.find(([, v]) => v === h.resetHint)?.[0];
  if (hint !== undefined && h.resetHint !== RESET_UNKNOWN) out.push(`counter_reset_hint:${hint}`);
  for (const [prefix, spans, buckets] of [
    ["", h.positiveSpans, h.positiveBuckets],
    ["n_", h.negativeSpans, h.negativeBuckets],
  ] as const) {
    const { offset, counts } = trimmed(spans, buckets);
    if (counts.length === 0) continue;
    put(`${prefix}offset`, offset);
    out.push(`${prefix}buckets:${listText(counts)}`);
  }
  return `{{${out.join(" ")}}}`;
}

class FieldReader {
  problem: string | undefined;

  constructor(private readonly fields: Map<string, string>) {}

  number(name: string): number {
    const text = this.take(name);
    return text === undefined ? 0 : this.toNumber(text, name);
  }

  list(name: string): Float64Array {
    const text = this.take(name) ?? "[]";
    const items = text.replaceAll(/[[\]]/g, " ").split(/\s+/);
    return Float64Array.from(
      items.filter((i) => i !== ""),
      (i) => this.toNumber(i, name),
    );
  }

  hint(): ResetHint {
    const text = this.take("counter_reset_hint") ?? "unknown";
    const hint = Object.hasOwn(HINTS, text) ? HINTS[text] : undefined;
    if (hint === undefined) this.problem ??= `not a counter_reset_hint: ${text}`;
    return hint ?? RESET_UNKNOWN;
  }

  private take(name: string): string | undefined {
    const text = this.fields.get(name);
    this.fields.delete(name);
    return text;
  }

  private toNumber(text: string, name: string): number {
    const special = /^([+-]?)(inf|nan)$/i.exec(text);
    if (special !== null) {
      if (special[2]?.toLowerCase() === "nan") return Number.NaN;
      return special[1] === "-" ? -Infinity : Infinity;
    }
    const value = Number(text);
    if (Number.isNaN(value)) this.problem ??= `${name}: not a number: ${text}`;
    return value;
  }
}

function spansOf(offset: number, length: number): readonly Span[] {
  return length === 0 ? [] : [{ offset, length }];
}

/** Bucket indices from the first one that is not empty to the last. */
function trimmed(
  spans: readonly Span[],
  buckets: Float64Array,
): { readonly offset: number; readonly counts: readonly number[] } {
  const counts: number[] = [];
  let first = 0;
  let index = 0;
  let n = 0;
  for (const s of spans) {
    index += s.offset;
    for (let i = 0; i < s.length; i++, index++) {
      const count = buckets[n++] as number;
      if (count === 0) continue;
      if (counts.length === 0) first = index;
      while (first + counts.length < index) counts.push(0);
      counts.push(count);
    }
  }
  return { offset: first, counts };
}

function listText(values: Iterable<number>): string {
  return `[${Array.from(values, goFloat).join(" ")}]`;
}

/** As Go's %g writes the shortest form of a float. */
function goFloat(v: number): string {
  if (Number.isNaN(v)) return "NaN";
  if (!Number.isFinite(v)) return v < 0 ? "-Inf" : "+Inf";
  const exponent = v === 0 ? 0 : Math.floor(Math.log10(Math.abs(v)));
  if (exponent >= -4 && exponent < 21) return String(v);
  return v.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
