import { type Labels, METRIC_NAME, labelsFromPairs } from "../../core/labels";

/**
 * One sample of a line. `dump` is what `promtool tsdb dump` prints: `{__name__="up", job="a"} 1 1700000000000`, in ms;
 * `openmetrics` what `promtool tsdb dump-openmetrics` prints and `create-blocks-from openmetrics` reads:
 * `up{job="a"} 1 1700000000.000`, in seconds.
 */
export type BackFillFormat = "dump" | "openmetrics";

export interface BackFillSample {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
  /** An exemplar stood behind it, which is not kept: it is older than exemplars are. */
  readonly exemplar: boolean;
}

export class LineError extends Error {
  override readonly name = "LineError";
}

/** Reads a line's label set once where it is the same as the line's before, as dumps are by series. */
export class LineReader {
  private head = "";
  private labels: Labels = [];

  constructor(private readonly format: BackFillFormat) {}

  /** @throws LineError with what is wrong, the line's number aside */
  read(line: string): BackFillSample {
    const known = this.head !== "" && line.startsWith(this.head) && line[this.head.length] === " ";
    let at = this.head.length;
    if (!known) {
      const set = readLabels(line);
      at = set.end;
      if (line[at] !== " " && line[at] !== "\t") throw new LineError("no value behind the labels");
      this.labels = set.labels;
      this.head = line.slice(0, at);
    }
    const rest = line.slice(at).trim();
    const { figures, exemplar } = this.parted(rest);
    const [value, time, ...more] = figures.split(/[ \t]+/);
    if (value === undefined || value === "") throw new LineError("no value behind the labels");
    if (value.startsWith("{"))
      throw new LineError(
        "a native histogram: its text names no schema, so that it cannot be read back; send it by remote write",
      );
    if (time === undefined) throw new LineError("no timestamp behind the value");
    if (more.length > 0) throw new LineError(`${quote(more.join(" "))} behind the timestamp`);
    return { labels: this.labels, value: readValue(value), timeMs: this.timeOf(time), exemplar };
  }

  private parted(rest: string): { readonly figures: string; readonly exemplar: boolean } {
    const hash = this.format === "openmetrics" ? rest.indexOf(" # ") : -1;
    if (hash < 0) return { figures: rest, exemplar: false };
    if (!/^\{.*\}/.test(rest.slice(hash + 3))) throw new LineError("no exemplar behind the #");
    return { figures: rest.slice(0, hash), exemplar: true };
  }

  private timeOf(text: string): number {
    if (this.format === "dump") {
      if (!/^-?\d{1,16}$/.test(text))
        throw new LineError(`${quote(text)} is no timestamp in milliseconds`);
      return Number(text);
    }
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text))
      throw new LineError(`${quote(text)} is no timestamp in seconds`);
    return Math.round(Number(text) * 1000);
  }
}

function readValue(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite === null) throw new LineError(`${quote(text)} is no number`);
  return infinite[1] === "-" ? -Infinity : Infinity;
}

const BARE_METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const BARE_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;

function readLabels(line: string): { readonly labels: Labels; readonly end: number } {
  const pairs: [string, string][] = [];
  let at = 0;
  const bare = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(line)?.[0] ?? "";
    at += text.length;
    return text;
  };
  const blanks = (): void => {
    while (line[at] === " " || line[at] === "\t") at++;
  };
  const quoted = (): string => {
    const from = ++at;
    for (;;) {
      const c = line[at];
      if (c === undefined) throw new LineError(`no closing quote, from column ${from}`);
      if (c === '"') return unescape(line.slice(from, at++));
      at += c === "\\" ? 2 : 1;
    }
  };
  const metric = bare(BARE_METRIC);
  if (metric !== "") pairs.push([METRIC_NAME, metric]);
  if (line[at] === "{") {
    at++;
    for (;;) {
      blanks();
      if (line[at] === "}") break;
      const isQuoted = line[at] === '"';
      const name = isQuoted ? quoted() : bare(BARE_NAME);
      if (name === "") throw new LineError(`no label name at column ${at + 1}`);
      blanks();
      if (line[at] === "=") {
        at++;
        blanks();
        if (line[at] !== '"') throw new LineError(`no quoted value at column ${at + 1}`);
        pairs.push([name, quoted()]);
      } else if (isQuoted) pairs.push([METRIC_NAME, name]);
      else throw new LineError(`no = behind ${quote(name)}`);
      blanks();
      if (line[at] === ",") at++;
      else if (line[at] !== "}") throw new LineError(`neither , nor } at column ${at + 1}`);
    }
    at++;
  }
  if (pairs.length === 0) throw new LineError("no metric name and no labels");
  const names = new Set(pairs.map(([name]) => name));
  if (names.size < pairs.length) throw new LineError("a label stands twice");
  if (!names.has(METRIC_NAME)) throw new LineError("no metric name");
  return { labels: labelsFromPairs(pairs), end: at };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  '"': '"',
  "\\": "\\",
};

/** As Go's strconv.Quote writes, of which OpenMetrics' three escapes are a part. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs,
    (all, hex: string | undefined, four, eight, one: string | undefined) => {
      // Go writes \x only for bytes that are no UTF-8, which no label holds, and for control characters.
      const code = hex ?? four ?? eight;
      if (code !== undefined) {
        const point = Number.parseInt(code, 16);
        if (point > 0x10ffff || (hex !== undefined && point > 0x7f))
          throw new LineError(`${all} is no character`);
        return String.fromCodePoint(point);
      }
      const known = ESCAPES[one ?? ""];
      if (known === undefined) throw new LineError(`unknown escape ${all}`);
      return known;
    },
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
