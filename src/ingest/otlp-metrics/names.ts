import { type Labels, METRIC_NAME, compareStrings, labelsOf } from "../../core/labels";
import { type AttributePairs, attributeText } from "../otlp/common";
import { CUMULATIVE, DELTA, type Metric, type ScopeMetrics } from "./model";
import type { OtlpOptions, TranslationStrategy } from "./options";

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

type Named = Pick<Metric, "name" | "unit" | "gauge" | "sum">;

/**
 * Names as Prometheus' OTLP receiver makes them by each of its strategies
 * (https://github.com/prometheus/otlptranslator,
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
 */
export class Namer {
  private readonly utf8: boolean;
  private readonly suffixes: boolean;
  private readonly labels = new Map<string, string>();

  constructor(strategy: TranslationStrategy) {
    this.utf8 = strategy === "NoUTF8EscapingWithSuffixes" || strategy === "NoTranslation";
    this.suffixes =
      strategy === "UnderscoreEscapingWithSuffixes" || strategy === "NoUTF8EscapingWithSuffixes";
  }

  /** "" where nothing is left of the name. */
  metric(metric: Named): string {
    if (this.utf8) return this.suffixes ? withSuffixes(metric) : metric.name;
    const name = this.suffixes ? escapedWithSuffixes(metric) : escaped(metric.name);
    return /^_*$/.test(name) && name !== metric.name ? "" : name;
  }

  label(key: string): string {
    if (this.utf8) return key;
    let name = this.labels.get(key);
    if (name === undefined) {
      name = escapedLabel(key);
      // Of one request; keys come from outside.
      if (this.labels.size < 1000) this.labels.set(key, name);
    }
    return name;
  }

  /** Attributes as label values by name; keys that meet in one name are joined by `;`, in the order of the keys. */
  attributes(pairs: AttributePairs): Record<string, string> {
    const out: Record<string, string> = Object.create(null) as Record<string, string>;
    const sorted = pairs.length < 2 ? pairs : [...pairs].sort((a, b) => compareStrings(a[0], b[0]));
    for (const [key, value] of sorted) {
      if (key === "") continue;
      const name = this.label(key);
      const text = attributeText(value);
      out[name] = out[name] === undefined ? text : `${out[name]};${text}`;
    }
    return out;
  }
}

/** `http.server.duration` in `ms` → `http_server_duration_milliseconds`; a monotonic sum ends in `_total`. */
function escapedWithSuffixes(metric: Named): string {
  let tokens = metric.name.split(/[^a-zA-Z0-9:]+/).filter((t) => t !== "");
  const { main, per } = unitSuffixes(metric.unit);
  const mainUnit = cleanUnit(main);
  if (mainUnit !== "" && !tokens.includes(mainUnit)) tokens.push(mainUnit);
  const perUnit = cleanUnit(per);
  if (perUnit !== "") tokens.push("per", perUnit);
  if (isCounter(metric)) tokens = [...tokens.filter((t) => t !== "total"), "total"];
  if (isRatio(metric)) tokens = [...tokens.filter((t) => t !== "ratio"), "ratio"];
  return digitSafe(tokens.join("_"));
}

/** `2xx.http-requests` → `_2xx_http_requests`. */
function escaped(name: string): string {
  return digitSafe(
    name
      .split(/[^a-zA-Z0-9:_]+/)
      .filter((t) => t !== "")
      .join("_"),
  );
}

/** The name as it is, with unit and type after it unless it ends in them. */
function withSuffixes(metric: Named): string {
  let { name } = metric;
  const end: string[] = [];
  const take = (suffix: string): void => {
    // One more character is taken for a delimiter.
    if (name.endsWith(suffix) && name.length > suffix.length + 1)
      name = name.slice(0, -(suffix.length + 1));
    end.unshift(suffix);
  };
  if (isRatio(metric)) take("ratio");
  if (isCounter(metric)) take("total");
  const { main, per } = unitSuffixes(metric.unit);
  if (per !== "") take(`per_${per}`);
  if (main !== "" && !name.endsWith(main)) name += `_${main}`;
  return [name, ...end].join("_");
}

const digitSafe = (name: string): string => (/^\d/.test(name) ? `_${name}` : name);

function isRatio(metric: Named): boolean {
  return metric.unit === "1" && metric.gauge !== undefined;
}

function isCounter({ sum }: Pick<Metric, "sum">): boolean {
  return (
    sum !== undefined &&
    sum.isMonotonic &&
    (sum.aggregationTemporality === CUMULATIVE || sum.aggregationTemporality === DELTA)
  );
}

/** Annotations in braces, as `{requests}`, are no units. */
function unitSuffixes(unit: string): { readonly main: string; readonly per: string } {
  const slash = unit.indexOf("/");
  const known = (text: string, names: Readonly<Record<string, string>>): string => {
    const bare = text.trim();
    if (/[{}]/.test(bare)) return "";
    return Object.hasOwn(names, bare) ? (names[bare] as string) : bare;
  };
  return {
    main: known(slash < 0 ? unit : unit.slice(0, slash), UNITS),
    per: slash < 0 ? "" : known(unit.slice(slash + 1), PER_UNITS),
  };
}

const cleanUnit = (unit: string): string =>
  unit.replace(/[^a-zA-Z0-9:]+/g, "_").replace(/^_|_$/g, "");

/** `http.method` → `http_method`; a leading digit gets `key_`, a leading single `_` gets `key`. */
function escapedLabel(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/g, "_");
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith("_") && !name.startsWith("__") ? `key${name}` : name;
}

/** What a resource gives to all of its series. */
export interface ResourceLabels {
  readonly job: string;
  readonly instance: string;
  /** Attributes that are promoted, by label name; the points' own go over them. */
  readonly promoted: Readonly<Record<string, string>>;
  /** The labels of its `target_info`, or undefined where there is nothing to tell or nobody to tell it of. */
  readonly targetInfo: Labels | undefined;
}

const IDENTIFYING = new Set(["service.name", "service.namespace", "service.instance.id"]);

export function resourceLabels(
  pairs: AttributePairs,
  namer: Namer,
  options: OtlpOptions,
): ResourceLabels {
  const text = (key: string): string => {
    const found = pairs.findLast(([k]) => k === key);
    return found === undefined ? "" : attributeText(found[1]);
  };
  const service = text("service.name");
  const namespace = text("service.namespace");
  const job = service !== "" && namespace !== "" ? `${namespace}/${service}` : service;
  const instance = text("service.instance.id");
  const { promote } = options;
  const promoted = namer.attributes(
    promote === "all" ? pairs : pairs.filter(([k]) => promote.has(k)),
  );
  const rest = pairs.filter(([k]) => !IDENTIFYING.has(k));
  const told = rest.length > 0 && (job !== "" || instance !== "");
  const targetInfo = told
    ? labelsOf({
        ...namer.attributes(options.keepIdentifying ? pairs : rest),
        [METRIC_NAME]: "target_info",
        job,
        instance,
      })
    : undefined;
  return { job, instance, promoted, targetInfo };
}

/** `otel_scope_name`, `_version`, `_schema_url` and the scope's attributes, where it has a name. */
export function scopeLabels(s: ScopeMetrics, namer: Namer): Record<string, string> {
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  if (s.scope === undefined || s.scope.name === "") return out;
  for (const [key, value] of s.scope.attributes)
    if (key !== "") out[namer.label(`otel_scope_${key}`)] = attributeText(value);
  out["otel_scope_name"] = s.scope.name;
  out["otel_scope_version"] = s.scope.version;
  out["otel_scope_schema_url"] = s.schemaUrl;
  return out;
}
