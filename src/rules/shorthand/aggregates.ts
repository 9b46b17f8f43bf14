/** What a path's last word makes of a metric. */
export type Aggregate =
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

/** The operator by which a mapped expression is aggregated: `avg`, `max`, `min`, `sum`. */
export function plainAggregate(path: string): string | undefined {
  const aggregate = splitAggregate(path)[1];
  if (aggregate?.kind === "average") return "avg";
  return aggregate?.kind === "extreme" ? aggregate.op : undefined;
}

/** Code says `metrics.errorRate` of a collector called so. */
const COLLECTOR = /^metrics\./;

export function withoutCollector(path: string): string {
  return path.replace(COLLECTOR, "");
}

/** `a.b.p95` → `a.b` and the quantile; `a.bs.avg_c` → `a.bs.c` and the average. `avgC` is `avg_c`. */
export function splitAggregate(path: string): [string, Aggregate | undefined] {
  const words = withoutCollector(path).split(".");
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
export function aggregateProblem(path: string, base: string): string | undefined {
  const last = path.slice(path.lastIndexOf(".") + 1);
  const meant = Object.hasOwn(NEARLY, last) ? NEARLY[last] : undefined;
  const shown = JSON.stringify(path);
  if (meant !== undefined && path.includes("."))
    return `${shown}: no aggregate is called ${JSON.stringify(last)}; did you mean ${JSON.stringify(`${path.slice(0, -last.length)}${meant}`)}?`;
  const quantile = /^[pP](\d+(?:th)?)$/.exec(last);
  if (quantile !== null && path.includes(".") && base === withoutCollector(path))
    return `${shown}: ${JSON.stringify(last)} is no quantile; write p50, p90, p95, p99 or p999`;
  return undefined;
}

/** `errorRate` → `error_rate`. */
export function snakeCase(word: string): string {
  return word.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}
