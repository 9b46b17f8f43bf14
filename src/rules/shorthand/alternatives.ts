import { renderDuration } from "../../core/duration";
import { type Unit, quotient, unitOfName } from "./units";

/** What a path became. */
export interface Resolved {
  readonly expr: string;
  /** The label sets it gives: the metric's own, or one per `by` (one alone where that is empty). */
  readonly shape: "series" | "totals";
  /** Metrics that it reads, in the order in which they are looked for. */
  readonly metrics: readonly string[];
  /** It is in percent whatever it is compared with. */
  readonly percent?: boolean;
}

export interface ResolveOptions {
  /** What the value is compared with; the expression gives it in this unit. */
  readonly unit: Unit | undefined;
  /** Matchers of the path's braces, without them. */
  readonly matchers: string;
  /** Labels that are kept apart. */
  readonly by: readonly string[];
  /** Over which rates and quantiles are taken. */
  readonly windowMs: number;
}

/** The last word of a gauge that counts what is taken of something limited. */
const PART = /_(?:active|used|in_use|busy|open|current|usage)$/;
/** Things whose use is measured in bytes. */
const SPACE = /(?:^|_)(?:mem|memory|heap|disk|storage|cache|volume|filesystem)(?:_|$)/;
const WHOLES = ["max", "limit", "total"];
const FAILED = "5..|error|failed|failure";
const SUCCEEDED = "[1-4]..|ok|success|succeeded";
/** Labels that tell an outcome, as clients of Prometheus and OpenTelemetry name them. */
const OUTCOMES = ["status", "status_code", "code", "result"];

/** Expressions for one path, of which the first that has a value counts. */
export class Alternatives {
  readonly window: string;
  private readonly exprs: string[] = [];
  private readonly found: string[] = [];
  private shape: Resolved["shape"] = "totals";

  constructor(private readonly o: ResolveOptions) {
    this.window = `[${renderDuration(o.windowMs)}]`;
  }

  resolved(): Resolved {
    return { expr: this.exprs.join(" or "), shape: this.shape, metrics: this.found };
  }

  select(name: string, more = ""): string {
    if (!this.found.includes(name)) this.found.push(name);
    const inside = [more, this.o.matchers].filter((m) => m !== "").join(",");
    return inside === "" ? name : `${name}{${inside}}`;
  }

  /** A gauge: with its own labels, or the largest of each `by`. */
  series(name: string): string {
    if (this.o.by.length > 0) return this.aggregate("max", this.select(name));
    this.shape = "series";
    return this.select(name);
  }

  rate(name: string, more = ""): string {
    return `rate(${this.select(name, more)}${this.window})`;
  }

  sum(expr: string, more: readonly string[] = []): string {
    return this.aggregate("sum", expr, more);
  }

  aggregate(op: string, expr: string, more: readonly string[] = []): string {
    const labels = [...this.o.by, ...more];
    return labels.length === 0 ? `${op}(${expr})` : `${op} by (${labels.join(", ")}) (${expr})`;
  }

  scaled(expr: string, factor: number): void {
    const text = factor === 1 ? expr : `${factor} * ${expr}`;
    if (!this.exprs.includes(text)) this.exprs.push(text);
  }

  /** The value may be sent as it is, under the path's own name. */
  ready(names: readonly string[]): void {
    for (const n of names) this.scaled(this.aggregate("max", this.select(n)), 1);
  }

  /** Metrics, and the names of the units in which they may have been sent; with the factor to the unit wanted. */
  unitNames(names: readonly string[]): [string, number][] {
    return names.flatMap((n) => this.withUnits(n));
  }

  private withUnits(name: string): [string, number][] {
    const { unit } = this.o;
    if (unit === undefined) return [[name, 1]];
    const known = unitOfName(name);
    if (known !== undefined)
      return [[name, known.dimension === unit.dimension ? quotient(known.factor, unit.factor) : 1]];
    const out: [string, number][] = [[name, 1]];
    if (unit.dimension === "time")
      for (const [ending, factor] of [
        ["_milliseconds", 1e-3],
        ["_seconds", 1],
      ] as const)
        out.push([name + ending, quotient(factor, unit.factor)]);
    if (unit.dimension === "bytes") {
      out.push([`${name}_bytes`, quotient(1, unit.factor)]);
      // What one calls MB another calls MiB: 400MB is compared with the number that was sent.
      out.push([`${name}_mb`, /^Mi?B$/.test(unit.text) ? 1 : quotient(1e6, unit.factor)]);
    }
    return out;
  }

  perSecond(name: string): void {
    const { unit } = this.o;
    this.counted("rate", name, unit?.dimension === "rate" ? quotient(1, unit.factor) : 1);
  }

  /** A counter's rise, or that of the count of a histogram or summary; a gauge may be called `_count` too. */
  counted(func: "rate" | "increase", name: string, factor: number): void {
    const rise = (n: string): string => `${func}(${this.select(n)}${this.window})`;
    this.scaled(this.sum(rise(counterOf(name))), factor);
    this.scaled(this.sum(`${rise(`${name}_count`)} and ${this.select(`${name}_sum`)}`), factor);
  }

  /** Gauges whose names end as a part of a histogram does, where its other part is not beside them. */
  gaugeNamed(names: readonly string[], ending: string, other: string): void {
    for (const n of names) {
      const beside = this.select(n.slice(0, -ending.length) + other);
      this.scaled(this.aggregate("max", `${this.select(n)} unless ${beside}`), 1);
    }
  }

  /** What share of a counter failed, in percent: by a label that tells the outcome, or a counter of its own. */
  share(name: string, of: "failed" | "succeeded"): void {
    const counter = counterOf(name);
    const all = this.sum(this.rate(counter));
    const outcome = (pattern: string): string[] =>
      OUTCOMES.map((label) => this.sum(this.rate(counter, `${label}=~"${pattern}"`)));
    if (of === "succeeded") {
      // Where nothing succeeds there is no series of it, and the share is 0.
      this.scaled(`100 * (${[...outcome(SUCCEEDED), `0 * ${all}`].join(" or ")}) / ${all}`, 1);
      return;
    }
    const own = [
      ...new Set([
        `${name.replace(/_total$/, "")}_errors_total`,
        `${name.replace(/_total$/, "")}_failures_total`,
        `${name.replace(/_[^_]+$/, "")}_errors_total`,
      ]),
    ].map((n) => this.sum(this.rate(n)));
    this.scaled(`100 * (${[...outcome(FAILED), ...own].join(" or ")}) / ${all}`, 1);
  }

  /** A gauge in percent: said so by its name, a ratio, a part of a whole, or under the very name. */
  percentage(name: string): void {
    const known = unitOfName(name);
    if (known?.dimension === "percent") return this.scaled(this.series(name), known.factor);
    this.scaled(this.series(`${name}_percent`), 1);
    this.scaled(this.series(`${name}_ratio`), 100);
    const space = SPACE.test(name);
    if (PART.test(name) && (space || !name.endsWith("_usage"))) {
      const stem = name.replace(PART, "");
      for (const unit of space ? ["_bytes", "_mb"] : [""]) {
        const wholes = WHOLES.map((w) => this.series(`${stem}_${w}${unit}`)).join(" or ");
        this.scaled(`100 * ${this.series(name + unit)} / (${wholes})`, 1);
      }
    }
    this.scaled(this.series(name), 1);
  }
}

/** A counter's name ends in `_total`, whichever way it came in. */
function counterOf(name: string): string {
  return name.endsWith("_total") ? name : `${name}_total`;
}
