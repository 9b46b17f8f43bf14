import { type Node, isScalar } from "yaml";
import { type ConfigRefusal, Refused } from "../../alerting/config-error";
import { Fields, YamlFile } from "../../alerting/yaml-fields";
import type { StringMap } from "../../core/alerts";
import { type Result, err, ok } from "../../core/result";

/** A file of promtool's `test rules` (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/). Times are ms. */
export interface TestFile {
  /** Patterns, relative to the file. */
  readonly ruleFiles: readonly string[];
  readonly evaluationIntervalMs: number;
  /** Groups that are named are evaluated first, in this order. */
  readonly groupEvalOrder: readonly string[];
  /** Values may be a neighbouring float. */
  readonly fuzzyCompare: boolean;
  readonly tests: readonly TestCase[];
}

export interface TestCase {
  /** As the file names it; `unnamed#0` where it does not. */
  readonly name: string;
  readonly named: boolean;
  readonly intervalMs: number;
  /** When the test begins; times of the test count from here. */
  readonly startMs: number;
  readonly inputSeries: readonly { readonly series: string; readonly values: string }[];
  readonly alertTests: readonly AlertTest[];
  readonly exprTests: readonly ExprTest[];
  readonly externalLabels: StringMap;
  readonly externalUrl: string;
}

export interface AlertTest {
  readonly evalTimeMs: number;
  readonly alertname: string;
  readonly expected: readonly { readonly labels: StringMap; readonly annotations: StringMap }[];
}

export interface ExprTest {
  readonly expr: string;
  readonly evalTimeMs: number;
  readonly expected: readonly ExpectedSample[];
}

export interface ExpectedSample {
  readonly labels: string;
  readonly value: number;
  /** A native histogram as written, "" for none. */
  readonly histogram: string;
}

const DEFAULT_INTERVAL_MS = 60_000;

/** A test file, checked field by field; the refusal says line and column. */
export function parseTestFile(text: string): Result<TestFile, ConfigRefusal> {
  try {
    const file = new YamlFile(text);
    const root = file.root();
    const interval = root.duration("evaluation_interval")?.ms;
    const evaluationIntervalMs =
      interval === undefined || interval === 0 ? DEFAULT_INTERVAL_MS : interval;
    const order = root.texts("group_eval_order");
    const seen = new Set<string>();
    for (const { text: name, node } of order) {
      if (seen.has(name))
        file.refuse(node, "value_wrong", `group name repeated in evaluation order: ${name}`);
      seen.add(name);
    }
    const read: TestFile = {
      ruleFiles: root.texts("rule_files").map((t) => t.text),
      evaluationIntervalMs,
      groupEvalOrder: order.map((o) => o.text),
      fuzzyCompare: root.flag("fuzzy_compare", false),
      tests: root
        .list("tests")
        .map(({ node, path }, i) =>
          readTest(new Fields(file, node, path), i, evaluationIntervalMs),
        ),
    };
    root.end();
    return ok(read);
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

function readTest(f: Fields, index: number, evaluationIntervalMs: number): TestCase {
  const name = f.text("name") ?? "";
  const interval = f.duration("interval")?.ms;
  const read: TestCase = {
    name: name === "" ? `unnamed#${index}` : name,
    named: name !== "",
    intervalMs: interval === undefined || interval === 0 ? evaluationIntervalMs : interval,
    startMs: readStart(f),
    inputSeries: each(f, "input_series", (s) => ({
      series: s.text("series") ?? "",
      values: s.text("values") ?? "",
    })),
    alertTests: each(f, "alert_rule_test", readAlertTest),
    exprTests: each(f, "promql_expr_test", (t) => ({
      expr: t.text("expr") ?? "",
      evalTimeMs: t.duration("eval_time")?.ms ?? 0,
      expected: each(t, "exp_samples", (s) => ({
        labels: s.text("labels") ?? "",
        value: readNumber(s, "value"),
        histogram: s.text("histogram") ?? "",
      })),
    })),
    externalLabels: textsOf(f, "external_labels"),
    externalUrl: f.text("external_url") ?? "",
  };
  f.end();
  return read;
}

function readAlertTest(f: Fields): AlertTest {
  const evalTimeMs = f.duration("eval_time")?.ms ?? 0;
  const alertname = f.text("alertname") ?? "";
  if (alertname === "")
    f.file.refuse(
      f.node,
      "field_missing",
      "an item under alert_rule_test misses required attribute alertname",
    );
  const expected = each(f, "exp_alerts", (a) => ({
    labels: textsOf(a, "exp_labels"),
    annotations: textsOf(a, "exp_annotations"),
  }));
  return { evalTimeMs, alertname, expected };
}

function each<T>(f: Fields, name: string, read: (item: Fields) => T): T[] {
  return f.list(name).map(({ node, path }) => {
    const fields = new Fields(f.file, node, path);
    const value = read(fields);
    fields.end();
    return value;
  });
}

function textsOf(f: Fields, name: string): StringMap {
  return Object.fromEntries(f.textMap(name).map(([n, v]) => [n, v] as const));
}

/** Seconds since the epoch, or a time as RFC 3339 writes it. */
function readStart(f: Fields): number {
  const node = f.take("start_timestamp");
  if (node === undefined) return 0;
  const text = f.scalarText(node, f.at("start_timestamp"));
  const ms = /^-?\d+(\.\d+)?$/.test(text)
    ? Math.round(Number(text) * 1000)
    : /^\d{4}-\d\d-\d\dT/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isSafeInteger(ms)) return ms;
  return f.file.refuse(
    node,
    "value_wrong",
    `${f.at("start_timestamp")} must be seconds since the epoch or an RFC 3339 time`,
  );
}

function readNumber(f: Fields, name: string): number {
  const node: Node | undefined = f.take(name);
  if (node === undefined) return 0;
  if (isScalar(node) && typeof node.value === "number") return node.value;
  const text = f.scalarText(node, f.at(name));
  const m = /^([+-]?)(inf|nan)$/i.exec(text);
  if (m !== null)
    return m[2]?.toLowerCase() === "nan" ? Number.NaN : m[1] === "-" ? -Infinity : Infinity;
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  return f.file.refuse(node, "value_wrong", `${f.at(name)} must be a number`);
}
