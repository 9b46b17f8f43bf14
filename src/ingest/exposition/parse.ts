import { type Labels, METRIC_NAME, compareStrings } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import type { MetricMetadata, MetricType } from "../../core/series";

/**
 * The text exposition format 0.0.4 and, by option, OpenMetrics 1.0
 * (https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://prometheus.io/docs/specs/om/open_metrics_spec/), with the quoted UTF-8 names
 * of format 1.0.0. A last line without its newline, and lines that end in CR LF, are accepted.
 */
export interface ExpositionSink {
  /** `labels` is sorted, holds the metric name, and no empty value. */
  sample(labels: Labels, value: number, timeMs: number | undefined): void;
  /** Called once a metric with a `# TYPE`, `# HELP` or `# UNIT`, after the last sample. */
  metadata(m: MetricMetadata): void;
}

export interface ExpositionError {
  /** Both from 1; a column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface ExpositionOptions {
  /** Timestamps in seconds, exemplars, `# EOF`. */
  readonly openMetrics: boolean;
}

/** Feeds the sink line by line; on an error what stood before it was fed already. */
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
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  infinity: Infinity,
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

  constructor(
    private readonly text: string,
    private readonly options: ExpositionOptions,
    private readonly sink: ExpositionSink,
  ) {}

  run(): void {
    const { text } = this;
    let next = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    while (next < text.length) {
      this.at = next;
      const newline = text.indexOf("\n", next);
      this.end = newline < 0 ? text.length : newline;
      next = this.end + 1;
      if (this.end > this.at && text.charCodeAt(this.end - 1) === 13) this.end--;
      this.blanks();
      if (this.at === this.end) continue;
      if (text[this.at] === "#") {
        if (this.comment()) break;
      } else this.sampleLine();
    }
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
    if (keyword === "HELP") meta.help = unescapeHelp(rest);
    else if (keyword === "UNIT") meta.unit = rest.trim();
    else {
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
    if (this.at < this.end) {
      if (text[this.at] !== "#" || !this.options.openMetrics)
        throw new SyntaxFault(this.at, `expected the end of the line, found ${this.found()}`);
      this.exemplar();
    }
    this.samples++;
    this.sink.sample(sortPairs(pairs), value, timeMs);
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

  /** `# {labels} value [timestamp]`: checked, then left out. */
  private exemplar(): void {
    this.at++;
    this.blanks();
    if (this.text[this.at] !== "{")
      throw new SyntaxFault(this.at, `expected '{' of an exemplar, found ${this.found()}`);
    this.labels([], undefined);
    this.blanks();
    const at = this.at;
    if (parseValue(this.word()) === undefined)
      throw new SyntaxFault(at, "expected the value of an exemplar");
    this.blanks();
    if (this.at < this.end) this.timestamp();
    this.blanks();
    if (this.at < this.end)
      throw new SyntaxFault(this.at, `expected the end of the line, found ${this.found()}`);
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

function parseValue(word: string): number | undefined {
  if (NUMBER.test(word)) return Number(word);
  const sign = word[0] === "-" ? -1 : 1;
  const special = SPECIAL[word.replace(/^[+-]/, "").toLowerCase()];
  return special === undefined ? undefined : sign * special;
}

function unescapeHelp(text: string): string {
  return text.includes("\\")
    ? text.replace(/\\([\\n])/g, (_, c: string) => (c === "n" ? "\n" : "\\"))
    : text;
}

/** Pairs sorted by name, empty values dropped. Exposition has few labels a line: insertion is quickest. */
function sortPairs(pairs: readonly string[]): Labels {
  const out: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    if (value === "") continue;
    let to = out.length;
    while (to > 0 && compareStrings(out[to - 2] as string, name) > 0) to -= 2;
    out.splice(to, 0, name, value);
  }
  return out;
}

const isBlank = (unit: number): boolean => unit === 32 || unit === 9;

function isLabelUnit(c: number, first: boolean): boolean {
  return (
    (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || (!first && c >= 48 && c <= 57)
  );
}

function isMetricUnit(c: number, first: boolean): boolean {
  return c === 58 || isLabelUnit(c, first);
}
