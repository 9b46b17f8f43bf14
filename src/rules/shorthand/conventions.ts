import { type Result, err, ok } from "../../core/result";
import { sanitizeMetricName } from "../../ingest/names";
import {
  type Aggregate,
  aggregateProblem,
  snakeCase,
  splitAggregate,
  withoutCollector,
} from "./aggregates";
import { Alternatives, type ResolveOptions, type Resolved } from "./alternatives";
import { type Unit, unitOfName } from "./units";

/** Why a path means no metric, and what to write instead. */
export interface Unresolved {
  readonly message: string;
}

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

/** Whose errors, where a path says no more than `error_rate`. */
const REQUESTS = ["http_requests", "requests"];

function resolveMetric(
  base: string,
  aggregate: Aggregate | undefined,
  path: string,
  options: ResolveOptions,
): Result<Resolved, Unresolved> {
  const r = new Alternatives(options);
  const names = base === "" ? REQUESTS : spellings(base);
  const ready = spellings(withoutCollector(path));
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
      // `connections.max` is first of all what is called so; `_sum` may be a histogram's.
      if (aggregate.op === "sum") r.gaugeNamed(ready, "_sum", "_count");
      else r.ready(ready);
      for (const [n, factor] of r.unitNames(names))
        r.scaled(r.aggregate(aggregate.op, r.select(n)), factor);
      break;
    case "rate":
      for (const n of names) r.perSecond(n);
      r.ready(ready);
      break;
    case "count":
      for (const n of names) r.counted("increase", n, 1);
      r.gaugeNamed(ready, "_count", "_sum");
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

/** `ml.predictions.confidence` may be the metric `ml.prediction_confidence`. */
function singulars(names: readonly string[], base: string): string[] {
  const owner = base.split(".").at(-2);
  if (owner === undefined || !/[^s]s$/.test(owner)) return [];
  const at = snakeCase(owner);
  return [...new Set(names.map((n) => n.replace(`${at}_`, `${at.slice(0, -1)}_`)))];
}
