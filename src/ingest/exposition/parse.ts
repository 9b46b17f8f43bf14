import { METRIC_NAME } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import type { MetricType } from "../../core/series";
import { canonicalFloat } from "../names";
import { CreatedLines } from "./created";
import { isBlank, isLabelUnit, isMetricUnit, parseValue, sortPairs, unescapeHelp } from "./lexical";
import type { ExpositionExemplar, ExpositionSink } from "./sink";

export interface ExpositionError {
  /** Both from 1; a column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface ExpositionOptions {
  /** Timestamps in seconds, exemplars, `_created`, `# EOF`. */
  readonly openMetrics: boolean;
}

/**
 * The text exposition format 0.0.4 and, by option, OpenMetrics 1.0
 * (https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://prometheus.io/docs/specs/om/open_metrics_spec/), with the quoted UTF-8 names
 * of format 1.0.0. `le` and `quantile` get their canonical form (`1` → `1.0`), as in Prometheus 3. A last line
 * without its newline, and lines that end in CR LF, are accepted. OpenMetrics must end in `# EOF`.
 *
 * Feeds the sink line by line; on an error what stood before it was fed already.
 */
export function parseExposition(
  text: string,
  options: ExpositionOptions,
  sink: ExpositionSink,
): Result<{ readonly samples: number }, ExpositionError> {
  const p = new Parser(text, options, sink);
  try {
    p.run();
  } catch (e) {
    if (e instanceof SyntaxFault) return err(p.place(e));
    throw e;
  }
  return ok({ samples: p.samples });
}

class SyntaxFault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** Of one sample: names are compared with each other. */
export const LABELS_LIMIT = 256;

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
/** What the samples of a metric add to its name, by type. */
export const SUFFIXES: Readonly<Partial<Record<MetricType, readonly string[]>>> = {
  histogram: ["_bucket", "_sum", "_count", "_created"],
  gaugehistogram: ["_bucket", "_gsum", "_gcount"],
  summary: ["_sum", "_count", "_created"],
  counter: ["_total", "_created"],
  info: ["_info"],
};

interface MutableMetadata {
  name: string;
  type: MetricType | undefined;
  help: string;
  unit: string;
}

class Parser {
  samples = 0;
  private at = 0;
  /** End of the line, before its newline. */
  private end = 0;
  private readonly meta = new Map<string, MutableMetadata>();
  private readonly bounds = new Map<string, string>();
  private readonly created: CreatedLines;

  constructor(
    private readonly text: string,
    private readonly options: ExpositionOptions,
    private readonly sink: ExpositionSink,
  ) {
    this.created = new CreatedLines(sink);
  }

  run(): void {
    const { text } = this;
    let next = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    let ended = false;
    while (next < text.length) {
      this.at = next;
      const newline = text.indexOf("\n", next);
      this.end = newline < 0 ? text.length : newline;
      next = this.end + 1;
      if (this.end > this.at && text.charCodeAt(this.end - 1) === 13) this.end--;
      this.blanks();
      if (this.at === this.end) continue;
      if (text[this.at] === "#") {
        if (!this.comment()) continue;
        // One newline may follow, nothing else.
        if (next < text.length) throw new SyntaxFault(next, "data after # EOF");
        ended = true;
      } else this.sampleLine();
    }
    if (this.options.openMetrics && !ended)
      throw new SyntaxFault(text.length, "OpenMetrics must end with # EOF");
    this.created.flush();
    for (const m of this.meta.values()) this.sink.metadata({ ...m, type: m.type ?? "unknown" });
  }

  place(fault: SyntaxFault): ExpositionError {
    let line = 1;
    let start = 0;
    for (
      let i = this.text.indexOf("\n");
      i >= 0 && i < fault.at;
      i = this.text.indexOf("\n", i + 1)
    ) {
      line++;
      start = i + 1;
    }
    return { line, column: fault.at - start + 1, message: fault.message };
  }

  /** True for `# EOF`, after which nothing counts. */
  private comment(): boolean {
    const { text, options } = this;
    this.at++;
    this.blanks();
    const keyword = this.word();
    if (keyword === "EOF" && options.openMetrics && this.at === this.end) return true;
    if (keyword !== "HELP" && keyword !== "TYPE" && keyword !== "UNIT") return false;
    this.blanks();
    // A comment may begin with these words: without a name it is only a comment.
    if (this.at === this.end) return false;
    const name = text[this.at] === '"' ? this.quoted() : this.bareName(isMetricUnit, "metric name");
    const meta = this.metaOf(name);
    if (this.at < this.end && !isBlank(text.charCodeAt(this.at)))
      throw new SyntaxFault(
        this.at,
        `expected a blank after the metric name, found ${this.found()}`,
      );
    this.blanks();
    const from = this.at;
    const rest = text.slice(from, this.end);
    if (keyword === "HELP") meta.help = unescapeHelp(rest, options.openMetrics);
    else if (keyword === "UNIT") {
      meta.unit = rest.trim();
      if (options.openMetrics && meta.unit !== "" && !name.endsWith(`_${meta.unit}`))
        throw new SyntaxFault(
          from,
          `unit ${JSON.stringify(meta.unit)} is not a suffix of metric ${JSON.stringify(name)}`,
        );
    } else {
      const type = TYPES[rest.trim()];
      if (type === undefined)
        throw new SyntaxFault(from, `unknown metric type ${JSON.stringify(rest.trim())}`);
      if (meta.type !== undefined && meta.type !== type)
        throw new SyntaxFault(from, `${name} was declared a ${meta.type} before`);
      meta.type = type;
    }
    return false;
  }

  private sampleLine(): void {
    const { text } = this;
    const start = this.at;
    const pairs: string[] = [];
    let name: string | undefined;
    if (text[this.at] !== "{") name = this.bareName(isMetricUnit, "metric name");
    this.blanks();
    if (text[this.at] === "{" && this.at < this.end) name = this.labels(pairs, name);
    if (name === undefined || name === "")
      throw new SyntaxFault(start, "a sample without a metric name");
    const family = this.familyOf(name);
    this.canonical(pairs, name, family?.type);
    pairs.push(METRIC_NAME, name);
    this.blanks();
    const valueAt = this.at;
    const value = parseValue(this.word());
    if (value === undefined)
      throw new SyntaxFault(
        valueAt,
        valueAt === this.end
          ? "expected a value, found the end of the line"
          : `expected a value, found ${JSON.stringify(text.slice(valueAt, this.at))}`,
      );
    this.blanks();
    let timeMs: number | undefined;
    if (this.at < this.end && text[this.at] !== "#") timeMs = this.timestamp();
    this.blanks();
    const labels = sortPairs(pairs);
    let exemplar: ExpositionExemplar | undefined;
    if (this.at < this.end) {
      if (text[this.at] !== "#" || !this.options.openMetrics)
        throw new SyntaxFault(this.at, `expected the end of the line, found ${this.found()}`);
      exemplar = this.exemplar(timeMs);
    }
    this.samples++;
    this.sink.sample(labels, value, timeMs);
    if (exemplar !== undefined) this.sink.exemplar?.(labels, exemplar);
    if (this.options.openMetrics && this.sink.created !== undefined)
      this.created.sample(family?.name ?? name, family?.type, labels, value);
  }

  /** The declared metric that a sample's name belongs to. */
  private familyOf(name: string): MutableMetadata | undefined {
    const own = this.meta.get(name);
    if (own !== undefined) return own;
    const cut = name.lastIndexOf("_");
    const found = cut > 0 ? this.meta.get(name.slice(0, cut)) : undefined;
    return found?.type !== undefined && SUFFIXES[found.type]?.includes(name.slice(cut)) === true
      ? found
      : undefined;
  }

  /** `le="1"` and `quantile="1"` are told from `1.0` by nobody but a label matcher. */
  private canonical(pairs: string[], name: string, type: MetricType | undefined): void {
    const label = type === "summary" ? "quantile" : type === "histogram" ? "le" : undefined;
    if (label === undefined || (label === "le" && !name.endsWith("_bucket"))) return;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] !== label) continue;
      const text = pairs[i + 1] as string;
      let canonical = this.bounds.get(text);
      if (canonical === undefined) {
        const value = parseValue(text);
        canonical = value === undefined ? text : canonicalFloat(value);
        this.bounds.set(text, canonical);
      }
      pairs[i + 1] = canonical;
    }
  }

  /** Reads `{…}` into `pairs`; a quoted string without `=` is the metric's name. Gives that name. */
  private labels(pairs: string[], given: string | undefined): string | undefined {
    const { text } = this;
    let name = given;
    this.at++;
    for (;;) {
      this.blanks();
      if (this.at >= this.end)
        throw new SyntaxFault(this.at, "expected '}', found the end of the line");
      if (text[this.at] === "}") {
        this.at++;
        return name;
      }
      const labelAt = this.at;
      const isQuoted = text[this.at] === '"';
      const label = isQuoted ? this.quoted() : this.bareName(isLabelUnit, "label name");
      this.blanks();
      if (isQuoted && text[this.at] !== "=") {
        if (name !== undefined)
          throw new SyntaxFault(labelAt, `a second metric name ${JSON.stringify(label)}`);
        name = label;
      } else {
        if (text[this.at] !== "=" || this.at >= this.end)
          throw new SyntaxFault(
            this.at,
            `expected '=' after the label name, found ${this.found()}`,
          );
        this.at++;
        this.blanks();
        if (text[this.at] !== '"' || this.at >= this.end)
          throw new SyntaxFault(
            this.at,
            `expected '"' before the label value, found ${this.found()}`,
          );
        const value = this.quoted();
        if (pairs.length >= 2 * LABELS_LIMIT)
          throw new SyntaxFault(labelAt, `more than ${LABELS_LIMIT} labels`);
        if (label === "") throw new SyntaxFault(labelAt, "an empty label name");
        if (label === METRIC_NAME)
          throw new SyntaxFault(
            labelAt,
            "the metric name stands before the braces, not in a label",
          );
        for (let i = 0; i < pairs.length; i += 2)
          if (pairs[i] === label)
            throw new SyntaxFault(labelAt, `label name ${JSON.stringify(label)} twice`);
        pairs.push(label, value);
      }
      this.blanks();
      if (text[this.at] === ",") this.at++;
      else if (text[this.at] !== "}" || this.at >= this.end)
        throw new SyntaxFault(this.at, `expected ',' or '}', found ${this.found()}`);
    }
  }

  private timestamp(): number {
    const at = this.at;
    const word = this.word();
    const value = this.options.openMetrics
      ? parseValue(word)
      : /^[+-]?\d+$/.test(word)
        ? Number(word)
        : undefined;
    const ms =
      value === undefined
        ? Number.NaN
        : this.options.openMetrics
          ? Math.round(value * 1000)
          : value;
    // ECMAScript's own range of time; a sample beyond it belongs to no one.
    if (!(Math.abs(ms) <= 8.64e15))
      throw new SyntaxFault(
        at,
        `expected a timestamp in ${this.options.openMetrics ? "seconds" : "milliseconds"}, found ${JSON.stringify(word)}`,
      );
    return ms;
  }

  /** `# {labels} value [timestamp]`. */
  private exemplar(sampleMs: number | undefined): ExpositionExemplar {
    this.at++;
    this.blanks();
    if (this.text[this.at] !== "{" || this.at >= this.end)
      throw new SyntaxFault(this.at, `expected '{' of an exemplar, found ${this.found()}`);
    const pairs: string[] = [];
    const open = this.at;
    if (this.labels(pairs, undefined) !== undefined)
      throw new SyntaxFault(open, "a metric name in an exemplar");
    this.blanks();
    const at = this.at;
    const value = parseValue(this.word());
    if (value === undefined) throw new SyntaxFault(at, "expected the value of an exemplar");
    this.blanks();
    const timeMs = this.at < this.end ? this.timestamp() : sampleMs;
    this.blanks();
    if (this.at < this.end)
      throw new SyntaxFault(this.at, `expected the end of the line, found ${this.found()}`);
    return { labels: sortPairs(pairs), value, timeMs };
  }

  private quoted(): string {
    const { text } = this;
    const start = this.at++;
    let from = this.at;
    let out = "";
    for (; this.at < this.end; this.at++) {
      const c = text.charCodeAt(this.at);
      if (c === 34) {
        out += text.slice(from, this.at++);
        return out;
      }
      if (c !== 92) continue;
      out += text.slice(from, this.at);
      const escaped = text[++this.at];
      if (escaped === "n") out += "\n";
      else if ((escaped === "\\" || escaped === '"') && this.at < this.end) out += escaped;
      else
        throw new SyntaxFault(
          this.at - 1,
          `invalid escape sequence '\\${this.at < this.end ? escaped : ""}'`,
        );
      from = this.at + 1;
    }
    throw new SyntaxFault(start, "a quoted string is not closed on its line");
  }

  private bareName(fits: (unit: number, first: boolean) => boolean, what: string): string {
    const { text } = this;
    const start = this.at;
    while (this.at < this.end && fits(text.charCodeAt(this.at), this.at === start)) this.at++;
    if (this.at === start)
      throw new SyntaxFault(start, `expected a ${what}, found ${this.found()}`);
    return text.slice(start, this.at);
  }

  private word(): string {
    const start = this.at;
    while (this.at < this.end && !isBlank(this.text.charCodeAt(this.at))) this.at++;
    return this.text.slice(start, this.at);
  }

  private blanks(): void {
    while (this.at < this.end && isBlank(this.text.charCodeAt(this.at))) this.at++;
  }

  private found(): string {
    return this.at >= this.end
      ? "the end of the line"
      : JSON.stringify(String.fromCodePoint(this.text.codePointAt(this.at) as number));
  }

  private metaOf(name: string): MutableMetadata {
    let m = this.meta.get(name);
    if (m === undefined) {
      m = { name, type: undefined, help: "", unit: "" };
      this.meta.set(name, m);
    }
    return m;
  }
}
