import { renderDuration } from "../../core/duration";
import { type Result, err, ok } from "../../core/result";
import { sanitizeMetricName } from "../../ingest/names";
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

/** Why a path means no metric, and what to write instead. */
export interface Unresolved {
  readonly message: string;
}

type Aggregate =
  | { readonly kind: "quantile"; readonly q: number }
  | { readonly kind: "average" }
  | { readonly kind: "extreme"; readonly op: "max" | "min" | "sum" }
  | { readonly kind: "rate" }
  | { readonly kind: "count" }
  | { readonly kind: "share"; readonly of: "failed" | "succeeded" }
  | { readonly kind: "percent" };

const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  avg: { kind: "average" },
  max: { kind: "extreme", op: "max" },
  min: { kind: "extreme", op: "min" },
  sum: { kind: "extreme", op: "sum" },
  rate: { kind: "rate" },
  count: { kind: "count" },
  error_rate: { kind: "share", of: "failed" },
  failure_rate: { kind: "share", of: "failed" },
  success_rate: { kind: "share", of: "succeeded" },
  percent: { kind: "percent" },
};
/** What people write, and what is meant. */
const NEARLY: Readonly<Record<string, string>> = {
  average: "avg",
  mean: "avg",
  median: "p50",
  maximum: "max",
  minimum: "min",
  total: "count",
  percentile: "p95",
};

/**
 * A dotted path as PromQL, by the names that Vedette's ways in give to series. The first expression that has a
 * value counts, so that the same condition holds for JSON metrics, OpenTelemetry and Prometheus clients.
 */
export function resolvePath(path: string, options: ResolveOptions): Result<Resolved, Unresolved> {
  const [base, aggregate] = splitAggregate(path);
  const bad = aggregateProblem(path, base);
  if (bad !== undefined) return err({ message: bad });
  return resolveMetric(base, aggregate, path, options);
}

/** As {@link resolvePath} with another metric in the place of what stands before the aggregate. */
export function resolveFamily(
  family: string,
  path: string,
  options: ResolveOptions,
): Result<Resolved, Unresolved> {
  return resolveMetric(family, splitAggregate(path)[1], path, options);
}

/** The part of a path before its aggregate; the path where it has none. */
export function baseOf(path: string): string {
  return splitAggregate(path)[0];
}

/** The operator by which a mapped expression is aggregated: `avg`, `max`, `min`, `sum`. */
export function plainAggregate(path: string): string | undefined {
  const aggregate = splitAggregate(path)[1];
  if (aggregate?.kind === "average") return "avg";
  return aggregate?.kind === "extreme" ? aggregate.op : undefined;
}

/** Code says `metrics.errorRate` of a collector called so. */
const COLLECTOR = /^metrics\./;
/** Whose errors, where a path says no more than `error_rate`. */
const REQUESTS = ["http_requests", "requests"];

/** `a.b.p95` → `a.b` and the quantile; `a.bs.avg_c` → `a.bs.c` and the average. `avgC` is `avg_c`. */
function splitAggregate(path: string): [string, Aggregate | undefined] {
  const words = path.replace(COLLECTOR, "").split(".");
  const last = snakeCase(words.at(-1) as string); // split() gives at least one
  const before = words.slice(0, -1).join(".");
  const aggregate = aggregateOf(last);
  if (aggregate !== undefined && (before !== "" || aggregate.kind === "share"))
    return [before, aggregate];
  const prefix = /^(avg|p\d+)_(.+)$/.exec(last);
  const prefixed = prefix === null ? undefined : aggregateOf(prefix[1] as string);
  if (prefixed !== undefined)
    return [[before, prefix?.[2]].filter((w) => w !== "").join("."), prefixed];
  return [words.join("."), undefined];
}

function aggregateOf(word: string): Aggregate | undefined {
  const named = Object.hasOwn(AGGREGATES, word) ? AGGREGATES[word] : undefined;
  if (named !== undefined) return named;
  const p = /^p(\d{1,2}|99\d{1,2})$/.exec(word)?.[1];
  if (p === undefined || Number(p) === 0) return undefined;
  // p95 and p999: 0.95 and 0.999
  return { kind: "quantile", q: Number(p) / 10 ** Math.max(2, p.length) };
}

/** A last word that looks like an aggregate and is none. */
function aggregateProblem(path: string, base: string): string | undefined {
  const last = path.slice(path.lastIndexOf(".") + 1);
  const meant = Object.hasOwn(NEARLY, last) ? NEARLY[last] : undefined;
  const shown = JSON.stringify(path);
  if (meant !== undefined && path.includes("."))
    return `${shown}: no aggregate is called ${JSON.stringify(last)}; did you mean ${JSON.stringify(`${path.slice(0, -last.length)}${meant}`)}?`;
  const quantile = /^[pP](\d+(?:th)?)$/.exec(last);
  if (quantile !== null && path.includes(".") && base === path.replace(COLLECTOR, ""))
    return `${shown}: ${JSON.stringify(last)} is no quantile; write p50, p90, p95, p99 or p999`;
  return undefined;
}

/** `errorRate` → `error_rate`. */
function snakeCase(word: string): string {
  return word.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function resolveMetric(
  base: string,
  aggregate: Aggregate | undefined,
  path: string,
  options: ResolveOptions,
): Result<Resolved, Unresolved> {
  const r = new Resolver(options);
  const names = base === "" ? REQUESTS : spellings(base);
  const ready = spellings(path.replace(COLLECTOR, ""));
  const problem = unitProblem(names[0] as string, aggregate, path, options.unit);
  if (problem !== undefined) return err({ message: problem });
  switch (aggregate?.kind) {
    case "quantile":
      for (const [n, factor] of r.unitNames(names))
        r.scaled(
          `histogram_quantile(${aggregate.q}, ${r.sum(r.rate(`${n}_bucket`), ["le"])})`,
          factor,
        );
      r.ready(ready);
      break;
    case "average":
      for (const [n, factor] of r.unitNames([...names, ...singulars(names, base)]))
        r.scaled(`${r.sum(r.rate(`${n}_sum`))} / ${r.sum(r.rate(`${n}_count`))}`, factor);
      for (const [n, factor] of r.unitNames(names))
        r.scaled(r.aggregate("avg", r.select(n)), factor);
      r.ready(ready);
      break;
    case "extreme":
      // `connections.max` is first of all what is called so.
      r.ready(ready);
      for (const [n, factor] of r.unitNames(names))
        r.scaled(r.aggregate(aggregate.op, r.select(n)), factor);
      break;
    case "rate":
      for (const n of names) r.perSecond(n);
      r.ready(ready);
      break;
    case "count":
      for (const n of names.flatMap((name) => [counterOf(name), `${name}_count`]))
        r.scaled(r.sum(`increase(${r.select(n)}${r.window})`), 1);
      r.ready(ready);
      break;
    case "share":
      for (const n of names) r.share(n, aggregate.of);
      for (const n of ready) {
        r.ready([`${n}_percent`]);
        r.scaled(r.aggregate("max", r.select(`${n}_ratio`)), 100);
        r.ready([n]);
      }
      break;
    case "percent":
      for (const n of names) r.percentage(n);
      break;
    case undefined:
      if (options.unit?.dimension === "percent") for (const n of names) r.percentage(n);
      else if (options.unit?.dimension === "rate") for (const n of names) r.perSecond(n);
      else for (const [n, factor] of r.unitNames(names)) r.scaled(r.series(n), factor);
  }
  const percent = aggregate?.kind === "share" || aggregate?.kind === "percent";
  return ok({ ...r.resolved(), percent });
}

/** What a metric's own unit has against the unit that it is compared with. */
function unitProblem(
  name: string,
  aggregate: Aggregate | undefined,
  path: string,
  unit: Unit | undefined,
): string | undefined {
  if (unit === undefined) return undefined;
  const shown = JSON.stringify(path);
  if (aggregate?.kind === "share" || aggregate?.kind === "percent")
    return unit.dimension === "percent"
      ? undefined
      : `${shown} is in percent; it cannot be compared with ${unit.text}`;
  if (aggregate?.kind === "rate")
    return unit.dimension === "rate"
      ? undefined
      : `${shown} is a rate; write 100/s or 100/min, not ${unit.text}`;
  if (aggregate?.kind === "count")
    return `${shown} is a number of times; it has no unit ${unit.text}`;
  const known = unitOfName(name);
  if (known === undefined || unit.dimension === "rate" || known.dimension === unit.dimension)
    return undefined;
  return `${shown} is compared with ${unit.text}, but its name ends in a unit of ${known.dimension}`;
}

/** The metric's name in the usual spelling and, where they differ, in the path's own. */
function spellings(path: string): string[] {
  return [...new Set([path.split(".").map(snakeCase).join("."), path])].map(sanitizeMetricName);
}

/** A counter's name ends in `_total`, whichever way it came in. */
function counterOf(name: string): string {
  return name.endsWith("_total") ? name : `${name}_total`;
}

/** `ml.predictions.confidence` may be the metric `ml.prediction_confidence`. */
function singulars(names: readonly string[], base: string): string[] {
  const owner = base.split(".").at(-2);
  if (owner === undefined || !/[^s]s$/.test(owner)) return [];
  const at = snakeCase(owner);
  return [...new Set(names.map((n) => n.replace(`${at}_`, `${at.slice(0, -1)}_`)))];
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

/** Collects expressions of which the first that has a value counts. */
class Resolver {
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
    const factor = unit?.dimension === "rate" ? quotient(1, unit.factor) : 1;
    for (const n of [counterOf(name), `${name}_count`]) this.scaled(this.sum(this.rate(n)), factor);
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
