import { type Result, err, ok } from "../../core/result";

/** One metric as `POST /api/v1/ingest/metrics` takes it, checked. */
export interface NativeMetric {
  readonly name: string;
  readonly value: number;
  /** Undefined: the time of arrival. */
  readonly timeMs: number | undefined;
  readonly tags: readonly (readonly [string, string])[];
  readonly type: "counter" | "gauge" | "histogram";
  readonly delta: boolean;
}

export interface NativeFault {
  readonly code: "metric_malformed" | "too_many_metrics";
  /** A JSON pointer. */
  readonly where: string;
  readonly message: string;
}

/** In one request. */
export const METRICS_LIMIT = 10_000;

/** A single object, an array of them, or `{ "metrics": [...] }`. One that is wrong refuses the request whole. */
export function parseMetrics(json: unknown): Result<readonly NativeMetric[], NativeFault> {
  const wrapped = isRecord(json) && Array.isArray(json["metrics"]) && !("name" in json);
  const [list, prefix]: [unknown[], string] = wrapped
    ? [json["metrics"] as unknown[], "/metrics/"]
    : Array.isArray(json)
      ? [json, "/"]
      : [[json], ""];
  if (list.length > METRICS_LIMIT) {
    return err({
      code: "too_many_metrics",
      where: prefix.slice(0, -1),
      message: `${list.length} metrics in one request; the limit is ${METRICS_LIMIT}`,
    });
  }
  const out: NativeMetric[] = [];
  for (const [i, item] of list.entries()) {
    const one = parseMetric(item, prefix === "" ? "" : `${prefix}${i}`);
    if (!one.ok) return one;
    out.push(one.value);
  }
  return ok(out);
}

function parseMetric(m: unknown, where: string): Result<NativeMetric, NativeFault> {
  const fault = (field: string, message: string): Result<NativeMetric, NativeFault> =>
    err({ code: "metric_malformed", where: field === "" ? where : `${where}/${field}`, message });
  if (!isRecord(m)) return fault("", "expected an object with name and value");
  const { name, value, timestamp, tags, type = "gauge", delta = false } = m;
  if (typeof name !== "string" || !/[a-zA-Z0-9]/.test(name))
    return fault("name", "expected a name with at least one letter or digit");
  if (name.length > NAME_LIMIT)
    return fault("name", `a name of ${name.length} characters; the limit is ${NAME_LIMIT}`);
  // JSON's 1e999 is Infinity, which would make a sum infinite for good.
  if (typeof value !== "number" || !Number.isFinite(value))
    return fault("value", "expected a finite number");
  if (type !== "counter" && type !== "gauge" && type !== "histogram")
    return fault("type", "expected counter, gauge or histogram");
  if (typeof delta !== "boolean") return fault("delta", "expected true or false");
  if (delta && type !== "counter") return fault("delta", "only a counter has increments");
  if (type === "counter" && value < 0) return fault("value", "a counter never falls");
  const timeMs = parseTime(timestamp);
  if (timeMs === "malformed")
    return fault("timestamp", "expected milliseconds since the epoch or an ISO 8601 time");
  const pairs: [string, string][] = [];
  if (tags !== undefined && tags !== null) {
    if (!isRecord(tags)) return fault("tags", "expected an object");
    for (const [tag, given] of Object.entries(tags)) {
      if (given === null || given === undefined) continue;
      const at = `tags/${tag.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (tag === "" || tag.startsWith("__"))
        return fault(at, "a tag's name is not empty and does not begin with __");
      if (typeof given === "object") return fault(at, "expected a string, a number or a boolean");
      // JSON can escape half a surrogate pair, which UTF-8 cannot hold.
      pairs.push([tag, String(given).toWellFormed()]);
    }
  }
  return ok({ name, value, timeMs, tags: pairs, type, delta });
}

const NAME_LIMIT = 200;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

function parseTime(given: unknown): number | undefined | "malformed" {
  if (given === undefined || given === null) return undefined;
  const ms =
    typeof given === "number"
      ? Math.round(given)
      : typeof given === "string" && ISO.test(given)
        ? Date.parse(given)
        : Number.NaN;
  return Math.abs(ms) <= 8.64e15 ? ms : "malformed";
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}
