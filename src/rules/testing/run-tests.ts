import type { ConfigRefusal } from "../../alerting/config-error";
import type { RuleSettings } from "../evaluate";
import { evaluateGroup } from "../evaluate-group";
import { type RunningGroup, startGroup } from "../group";
import { type ParsedGroup, parseRuleFile } from "../rule-file";
import { orShorthand } from "../shorthand/rule-source";
import { checkAlerts, checkExpr } from "./check";
import { loadSeries } from "./load-series";
import { type AlertTest, type TestCase, type TestFile, parseTestFile } from "./test-file";
import type { FileVerdict, TestFailure, TestVerdict } from "./verdict";
import { VirtualStore } from "./virtual-store";

/** A file by the path that its reports name. */
export interface NamedFile {
  readonly path: string;
  readonly text: string;
}

export interface TestRun {
  readonly file: NamedFile;
  /** The files that a pattern of `rule_files` names. */
  readonly ruleFiles: (pattern: string) => readonly NamedFile[];
  /** Which tests are run, by name; all where absent. */
  readonly chosen?: (testName: string) => boolean;
  readonly ignoreUnknownFields?: boolean;
  readonly limits: TestLimits;
}

/** Bounds of one file's run. */
export interface TestLimits {
  /** Evaluations of rules, over all tests. */
  readonly maxEvaluations: number;
  /** Samples of one test, those of its rules included. */
  readonly maxSamples: number;
}

/**
 * Runs a file of rule tests as promtool's `test rules` does: the rules are evaluated from the test's
 * start on, by the code that evaluates them in production, on virtual time.
 */
export async function runTestFile(
  run: TestRun,
): Promise<{ readonly verdict: FileVerdict; readonly evaluations: number }> {
  const { path: file, text } = run.file;
  const parsed = parseTestFile(text);
  if (!parsed.ok) {
    const errors = [`${file}: ${refusalText(parsed.error)}`];
    const verdict = { file, passed: false, errors, warnings: [], tests: [] };
    return { verdict, evaluations: 0 };
  }
  const loaded = loadRules(run, parsed.value);
  const tests: TestVerdict[] = [];
  const budget = { evaluations: run.limits.maxEvaluations };
  for (const t of parsed.value.tests) {
    if (run.chosen?.(t.named ? t.name : "") === false) continue;
    const failures: readonly TestFailure[] =
      loaded.errors.length > 0
        ? loaded.errors.map((message) => ({ reason: "load" as const, message }))
        : await runTest(t, parsed.value, loaded.groups, budget, run.limits);
    tests.push({ name: t.name, passed: failures.length === 0, failures });
  }
  const passed = tests.every((t) => t.passed);
  const verdict = { file, passed, errors: [], warnings: loaded.warnings, tests };
  return { verdict, evaluations: run.limits.maxEvaluations - budget.evaluations };
}

interface LoadedRules {
  readonly groups: readonly (ParsedGroup & { readonly namespace: string })[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

function loadRules(run: TestRun, file: TestFile): LoadedRules {
  const warnings: string[] = [];
  const errors: string[] = [];
  const groups: (ParsedGroup & { readonly namespace: string })[] = [];
  const seen = new Set<string>();
  for (const pattern of file.ruleFiles) {
    const found = run.ruleFiles(pattern);
    if (found.length === 0) warnings.push(`no file match pattern ${pattern}`);
    for (const { path, text } of found) {
      if (seen.has(path)) continue;
      seen.add(path);
      const parsed = orShorthand((t) =>
        parseRuleFile(t, { ignoreUnknownFields: run.ignoreUnknownFields === true }),
      )(text);
      if (parsed.ok) for (const g of parsed.value.groups) groups.push({ ...g, namespace: path });
      else errors.push(`${path}: ${refusalText(parsed.error)}`);
    }
  }
  return { groups: ordered(groups, file.groupEvalOrder), errors, warnings };
}

/** Groups that are named come first, as they are named; the others as they were read. */
function ordered<G extends { readonly name: string }>(
  groups: readonly G[],
  order: readonly string[],
): G[] {
  const rank = new Map(order.map((name, i) => [name, i]));
  return groups.toSorted(
    (a, b) => (rank.get(a.name) ?? order.length) - (rank.get(b.name) ?? order.length),
  );
}

async function runTest(
  test: TestCase,
  file: TestFile,
  parsed: LoadedRules["groups"],
  budget: { evaluations: number },
  limits: TestLimits,
): Promise<TestFailure[]> {
  const store = new VirtualStore();
  const { startMs } = test;
  const stored = loadSeries(store, test.inputSeries, startMs, test.intervalMs, limits.maxSamples);
  if (!stored.ok) return [{ reason: "load", message: `    ${stored.error}` }];
  const settings: RuleSettings = {
    externalUrl: test.externalUrl,
    externalLabels: test.externalLabels,
    queryOffsetMs: 0,
  };
  const groups = parsed.map((g) => startGroup({ ...g, version: 0 }, new Map()));
  // Tests begin at 0, which otherwise stands for never.
  for (const r of groups.flatMap((g) => g.rules)) r.alertsAtMs = Number.NEGATIVE_INFINITY;
  const rules = groups.reduce((n, g) => n + g.rules.length, 0);
  const stepMs = file.evaluationIntervalMs;
  const endMs = Math.max(0, ...[...test.alertTests, ...test.exprTests].map((t) => t.evalTimeMs));
  const due = test.alertTests.toSorted((a, b) => a.evalTimeMs - b.evalTimeMs);
  const failures: TestFailure[] = [];
  for (let sinceMs = 0; sinceMs <= endMs; sinceMs += stepMs) {
    budget.evaluations -= Math.max(1, rules);
    if (budget.evaluations < 0 || store.size > limits.maxSamples)
      return [...failures, tooMuch(test, limits)];
    store.visibleUntilMs = startMs + sinceMs;
    const failed = await evaluateAll(groups, store, startMs + sinceMs, sinceMs, settings);
    if (failed.length > 0) return [...failures, ...failed];
    while (due[0] !== undefined && due[0].evalTimeMs < sinceMs + stepMs)
      failures.push(...checkAlerts(due.shift() as AlertTest, groups, test));
  }
  for (const t of test.exprTests)
    failures.push(...(await checkExpr(t, store, { startMs, stepMs, fuzzy: file.fuzzyCompare })));
  return failures;
}

/** Evaluates each group in turn; each sees what those before it have written. */
async function evaluateAll(
  groups: readonly RunningGroup[],
  store: VirtualStore,
  atMs: number,
  sinceMs: number,
  settings: RuleSettings,
): Promise<TestFailure[]> {
  const failures: TestFailure[] = [];
  for (const g of groups) {
    const { samples } = await evaluateGroup(g, {
      queryable: store,
      clock: () => 0,
      atMs,
      occasion: "grid",
      settings,
      onFault: () => undefined,
    });
    for (const s of samples) store.add(s);
    for (const r of g.rules) {
      if (r.progress.health !== "err") continue;
      const error = r.progress.lastError;
      const message = `    rule: ${r.rule.name}, time: ${goDuration(sinceMs)}, err: ${error}`;
      failures.push({ reason: "rule_failed", rule: r.rule.name, timeMs: sinceMs, error, message });
    }
  }
  return failures;
}

function tooMuch(test: TestCase, limits: TestLimits): TestFailure {
  return {
    reason: "load",
    message: `    name: ${test.name}, the tests take more than ${limits.maxEvaluations} evaluations of rules or ${limits.maxSamples} samples`,
  };
}

function refusalText(r: ConfigRefusal): string {
  return `${r.line}:${r.column}: ${r.message}`;
}

/** As Go prints a duration: `1m0s`. */
function goDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms / 1000) % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
