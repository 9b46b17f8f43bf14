import { type Labels, METRIC_NAME, compareStrings, labelsOf } from "../../core/labels";
import { type AttributePairs, attributeText } from "../otlp/common";
import type { Metric } from "./model";
import { CUMULATIVE, DELTA } from "./model";

/**
 * Names as Prometheus' OTLP receiver makes them, with its default strategy
 * "UnderscoreEscapingWithSuffixes" (https://github.com/prometheus/otlptranslator,
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
 */
const UNITS: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tibibytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "1": "",
  "%": "percent",
};

/** The unit after the slash of `By/s`. */
const PER_UNITS: Readonly<Record<string, string>> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mo: "month",
  y: "year",
};

/** `http.server.duration` in `ms` → `http_server_duration_milliseconds`; a monotonic sum ends in `_total`. */
export function translateMetricName(
  metric: Pick<Metric, "name" | "unit" | "gauge" | "sum">,
): string {
  let tokens = metric.name.split(/[^a-zA-Z0-9:]+/).filter((t) => t !== "");
  const [main = "", per = ""] = splitUnit(metric.unit);
  const mainUnit = unitName(main, UNITS);
  if (mainUnit !== "" && !tokens.includes(mainUnit)) tokens.push(mainUnit);
  const perUnit = unitName(per, PER_UNITS);
  if (perUnit !== "" && !tokens.includes(perUnit)) tokens.push("per", perUnit);
  if (isCounter(metric)) tokens = [...tokens.filter((t) => t !== "total"), "total"];
  if (metric.unit === "1" && metric.gauge !== undefined)
    tokens = [...tokens.filter((t) => t !== "ratio"), "ratio"];
  const name = tokens.join("_");
  return /^\d/.test(name) ? `_${name}` : name;
}

function isCounter({ sum }: Pick<Metric, "sum">): boolean {
  return (
    sum !== undefined &&
    sum.isMonotonic &&
    (sum.aggregationTemporality === CUMULATIVE || sum.aggregationTemporality === DELTA)
  );
}

function splitUnit(unit: string): readonly string[] {
  const slash = unit.indexOf("/");
  return slash < 0 ? [unit] : [unit.slice(0, slash), unit.slice(slash + 1)];
}

/** Annotations in braces, as `{requests}`, are no units. */
function unitName(unit: string, known: Readonly<Record<string, string>>): string {
  const bare = unit.trim();
  if (bare === "" || /[{}]/.test(bare)) return "";
  return (Object.hasOwn(known, bare) ? (known[bare] as string) : bare)
    .replace(/[^a-zA-Z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}

/** `http.method` → `http_method`; a leading digit gets `key_`, a leading single `_` gets `key`. */
export function translateLabelName(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/g, "_");
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith("_") && !name.startsWith("__") ? `key${name}` : name;
}

/** Attributes as label values by name; keys that meet in one name are joined by `;`, in the order of the keys. */
export function translateAttributes(pairs: AttributePairs): Record<string, string> {
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  const sorted = pairs.length < 2 ? pairs : [...pairs].sort((a, b) => compareStrings(a[0], b[0]));
  for (const [key, value] of sorted) {
    if (key === "") continue;
    const name = translateLabelName(key);
    const text = attributeText(value);
    out[name] = out[name] === undefined ? text : `${out[name]};${text}`;
  }
  return out;
}

/** What a resource gives to all of its series. */
export interface ResourceLabels {
  readonly job: string;
  readonly instance: string;
  /** The labels of its `target_info`, or undefined where there is nothing to tell or nobody to tell it of. */
  readonly targetInfo: Labels | undefined;
}

const IDENTIFYING = new Set(["service.name", "service.namespace", "service.instance.id"]);

export function resourceLabels(pairs: AttributePairs): ResourceLabels {
  const text = (key: string): string => {
    const found = pairs.findLast(([k]) => k === key);
    return found === undefined ? "" : attributeText(found[1]);
  };
  const service = text("service.name");
  const namespace = text("service.namespace");
  const job = service !== "" && namespace !== "" ? `${namespace}/${service}` : service;
  const instance = text("service.instance.id");
  const rest = pairs.filter(([k]) => !IDENTIFYING.has(k));
  const told = rest.length > 0 && (job !== "" || instance !== "");
  const targetInfo = told
    ? labelsOf({ ...translateAttributes(rest), [METRIC_NAME]: "target_info", job, instance })
    : undefined;
  return { job, instance, targetInfo };
}
