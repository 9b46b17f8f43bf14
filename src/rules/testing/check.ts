import type { StringMap } from "../../core/alerts";
import { renderDuration } from "../../core/duration";
import { parseHistogram, renderHistogram } from "../../core/histogram-notation";
import { type Labels, compareLabels, labelsOf } from "../../core/labels";
import type { Queryable } from "../../core/metric-store";
import { type Result, err, ok } from "../../core/result";
import {
  QueryError,
  type VectorSample,
  evalInstant,
  parseExpr,
  renderParseError,
} from "../../promql";
import { parseLabelSet } from "../../promql/series-description";
import type { RunningGroup } from "../group";
import type { AlertTest, ExpectedSample, ExprTest, TestCase } from "./test-file";
import type { ShownAlert, TestFailure } from "./verdict";

/** Compares the firing alerts of one name, over all groups, with those expected. */
export function checkAlerts(
  test: AlertTest,
  groups: readonly RunningGroup[],
  of: Pick<TestCase, "name" | "named">,
): TestFailure[] {
  const got = inOrder(
    groups.flatMap((g) =>
      g.rules
        .filter((r) => r.rule.kind === "alerting" && r.rule.name === test.alertname)
        .flatMap((r) => [...r.progress.alerting.alerts.values()])
        .filter((a) => a.phase === "firing"),
    ),
  );
  // Every alert has its name: tests need not say so.
  const expected = inOrder(
    test.expected.map((e) => ({
      labels: { ...e.labels, alertname: test.alertname },
      annotations: e.annotations,
    })),
  );
  if (JSON.stringify(expected.map(sortable)) === JSON.stringify(got.map(sortable))) return [];
  const name = of.named ? `    name: ${of.name},\n` : "";
  const time = renderDuration(test.evalTimeMs);
  const message = `${name}    alertname: ${test.alertname}, time: ${time}, \n        exp:${listText(expected)}, \n        got:${listText(got)}`;
  const { alertname, evalTimeMs: timeMs } = test;
  return [{ reason: "alerts_differ", alertname, timeMs, expected, got, message }];
}

export interface ExprContext {
  readonly startMs: number;
  /** Of a subquery that names no step. */
  readonly stepMs: number;
  readonly fuzzy: boolean;
}

/** Compares what an expression gives with the samples expected, in any order. */
export async function checkExpr(
  test: ExprTest,
  queryable: Queryable,
  { startMs, stepMs, fuzzy }: ExprContext,
): Promise<TestFailure[]> {
  const timeMs = test.evalTimeMs;
  const head = `    expr: ${JSON.stringify(test.expr)}, time: ${renderDuration(timeMs)},`;
  const failed = (error: string): TestFailure[] => [
    { reason: "query_failed", expr: test.expr, timeMs, error, message: `${head} err: ${error}` },
  ];
  const answer = await vectorOf(test.expr, queryable, startMs + timeMs, stepMs);
  if (!answer.ok) return failed(answer.error);
  const wanted: Sample[] = [];
  for (const e of test.expected) {
    const sample = expectedSample(e);
    if (!sample.ok) return failed(sample.error);
    wanted.push(sample.value);
  }
  const got = answer.value.map(gotSample).toSorted(byLabels);
  const expected = wanted.toSorted(byLabels);
  const same =
    got.length === expected.length &&
    got.every((g, i) => sameSample(g, expected[i] as Sample, fuzzy));
  if (same) return [];
  const shown = { expected: expected.map(sampleText), got: got.map(sampleText) };
  const message = `${head}\n        exp: ${shown.expected.join(", ") || "nil"}\n        got: ${shown.got.join(", ") || "nil"}`;
  return [{ reason: "samples_differ", expr: test.expr, timeMs, ...shown, message }];
}

async function vectorOf(
  expr: string,
  queryable: Queryable,
  atMs: number,
  subqueryStepMs: number,
): Promise<Result<readonly VectorSample[], string>> {
  const parsed = parseExpr(expr);
  if (!parsed.ok) return err(renderParseError(parsed.error));
  try {
    const result = await evalInstant(parsed.value, { queryable, atMs, subqueryStepMs });
    switch (result.type) {
      case "vector":
        return ok(result.samples);
      case "scalar":
        return ok([{ labels: [], timestampMs: atMs, value: result.value }]);
      case "string":
      case "matrix":
        return err("rule result is not a vector or scalar");
    }
  } catch (e) {
    if (e instanceof QueryError) return err(e.message);
    throw e;
  }
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** As written, "" for none. */
  readonly histogram: string;
}

function expectedSample(e: ExpectedSample): Result<Sample, string> {
  const labels = parseLabelSet(e.labels);
  if (!labels.ok) return err(`labels ${JSON.stringify(e.labels)}: ${labels.error}`);
  if (e.histogram === "") return ok({ labels: labels.value, value: e.value, histogram: "" });
  const histogram = parseHistogram(e.histogram);
  if (!histogram.ok) return err(`histogram ${JSON.stringify(e.histogram)}: ${histogram.error}`);
  const text = renderHistogram(histogram.value);
  return ok({ labels: labels.value, value: e.value, histogram: text });
}

function gotSample(s: VectorSample): Sample {
  return s.histogram === undefined
    ? { labels: s.labels, value: s.value, histogram: "" }
    : { labels: s.labels, value: 0, histogram: renderHistogram(s.histogram) };
}

function byLabels(a: Sample, b: Sample): number {
  return compareLabels(a.labels, b.labels);
}

function sameSample(a: Sample, b: Sample, fuzzy: boolean): boolean {
  return (
    compareLabels(a.labels, b.labels) === 0 &&
    a.histogram === b.histogram &&
    (a.value === b.value || (fuzzy && neighbours(a.value, b.value)))
  );
}

/** No float lies between the two. */
function neighbours(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const distance = ordinal(a) - ordinal(b);
  return distance >= -1n && distance <= 1n;
}

/** Floats counted through, so that neighbours differ by one. */
function ordinal(v: number): bigint {
  const bits = new BigInt64Array(new Float64Array([v]).buffer)[0] as bigint; // one float, one integer
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

function sampleText(s: Sample): string {
  return `${labelsText(s.labels)} ${s.histogram === "" ? exponential(s.value) : s.histogram}`;
}

/** As Go's `strconv.FormatFloat(v, 'E', -1, 64)`: `1E+00`. */
function exponential(v: number): string {
  if (Number.isNaN(v)) return "NaN";
  if (!Number.isFinite(v)) return v < 0 ? "-Inf" : "+Inf";
  return v
    .toExponential()
    .replace(/e([+-])(\d)$/, "E$10$2")
    .replace("e", "E");
}

/** A label set with its metric name among the labels. */
function labelsText(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    const shown = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
    parts.push(`${shown}=${JSON.stringify(labels[i + 1])}`);
  }
  return `{${parts.join(", ")}}`;
}

function inOrder(
  alerts: readonly { readonly labels: StringMap; readonly annotations: StringMap }[],
): ShownAlert[] {
  return alerts
    .map(({ labels, annotations }) => ({ labels, annotations }))
    .toSorted(
      (a, b) =>
        compareLabels(labelsOf(a.labels), labelsOf(b.labels)) ||
        compareLabels(labelsOf(a.annotations), labelsOf(b.annotations)),
    );
}

function sortable(a: ShownAlert): readonly [Labels, Labels] {
  return [labelsOf(a.labels), labelsOf(a.annotations)];
}

function listText(alerts: readonly ShownAlert[]): string {
  if (alerts.length === 0) return "[]";
  const pad = " ".repeat(12);
  const items = alerts.map(
    (a, i) =>
      `${pad}${i}:\n${pad}  Labels:${labelsText(labelsOf(a.labels))}\n${pad}  Annotations:${labelsText(labelsOf(a.annotations))}`,
  );
  return `[\n${items.join(",\n")}\n${pad}]`;
}
