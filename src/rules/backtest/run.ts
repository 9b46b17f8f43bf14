import type { AlertInstance } from "../../core/alerts";
import { METRIC_NAME, metricName } from "../../core/labels";
import type { Queryable } from "../../core/metric-store";
import { type Result, err, ok } from "../../core/result";
import { selectorsOf } from "../../promql";
import type { RuleSettings } from "../evaluate";
import { evaluateGroup } from "../evaluate-group";
import { gridAt } from "../grid";
import { type RunningGroup, type RunningRule, firingSet, startGroup } from "../group";
import type { AlertingRule, RuleGroupSpec } from "../model";
import { identityOf } from "../rendered";
import { VirtualStore } from "../testing/virtual-store";
import { type AlertCourse, CourseLog } from "./course";
import { Recorded, readRecorded } from "./recorded";
import { SteppedStore } from "./window";

export interface BackTest {
  readonly spec: RuleGroupSpec;
  readonly fromMs: number;
  readonly toMs: number;
  /** Between evaluations; the group's interval unless given. */
  readonly stepMs?: number;
  /** Since when the rule of that place has run in production as it is here; undefined where it did not. */
  readonly ranSinceMs?: (rule: AlertingRule) => number | undefined;
  readonly queryable: Queryable;
  readonly settings: RuleSettings;
  readonly limits: BackTestLimits;
}

export interface BackTestLimits {
  /** Evaluations, over all rules. */
  readonly maxEvaluations: number;
  /** Samples that evaluations read, over all rules. */
  readonly maxSamples: number;
  /** Alerts in the answer. */
  readonly maxCourses: number;
}

/** What one rule would have done, or did. */
export interface RuleBackTest {
  readonly rule: AlertingRule;
  /** Times evaluated: those of the grid, or where it really ran those at which it did. */
  readonly evaluations: number;
  /** From then on the answer is what really happened: evaluated when the rule was, on what it saw. */
  readonly ranSinceMs?: number;
  readonly courses: readonly AlertCourse[];
  /** Evaluations that failed; nothing changed at those. */
  readonly failures: number;
  readonly lastError: string;
}

export interface BackTested {
  readonly rules: readonly RuleBackTest[];
  readonly changes: readonly SetChange[];
  /** What it cost, in the terms of its limits. */
  readonly spent: { readonly evaluations: number; readonly samples: number };
}

/** A rule's firing set, at a time at which it changed. */
export interface SetChange {
  readonly atMs: number;
  /** Which rule: its place in `rules`. */
  readonly rule: number;
  readonly alerts: readonly AlertInstance[];
}

export type BackTestRefusal =
  | { readonly reason: "too_many_evaluations"; readonly count: number; readonly limit: number }
  | { readonly reason: "too_many_samples"; readonly limit: number }
  | { readonly reason: "too_many_alerts"; readonly limit: number }
  | { readonly reason: "nothing_to_test" };

/** Evaluations begin earlier than the range, so that a `for` that was running at its start has run. */
const MAX_WARM_UP_MS = 24 * 3_600_000;

/**
 * Evaluates alerting rules over a past range, with the code that evaluates them in production, and
 * follows each alert. Recording rules of the group that they read are evaluated with them.
 */
export async function backTest(t: BackTest): Promise<Result<BackTested, BackTestRefusal>> {
  const stepMs = t.stepMs ?? t.spec.intervalMs;
  const whole = startGroup({ ...t.spec, intervalMs: stepMs }, new Map());
  const alerting = whole.rules.flatMap((r) => (r.rule.kind === "alerting" ? [r.rule] : []));
  if (alerting.length === 0) return err({ reason: "nothing_to_test" });
  const budget: Budget = {
    evaluations: t.limits.maxEvaluations,
    samples: t.limits.maxSamples,
    courses: t.limits.maxCourses,
  };
  const rules: RuleBackTest[] = [];
  const changes: SetChange[] = [];
  for (const [n, rule] of alerting.entries()) {
    const done = await testRule(t, whole, rule, stepMs, budget, (atMs, alerts) =>
      changes.push({ atMs, rule: n, alerts }),
    );
    if (!done.ok) return done;
    rules.push(done.value);
  }
  return ok({
    rules,
    changes: changes.toSorted((a, b) => a.atMs - b.atMs),
    spent: {
      evaluations: t.limits.maxEvaluations - budget.evaluations,
      samples: t.limits.maxSamples - budget.samples,
    },
  });
}

interface Budget {
  evaluations: number;
  samples: number;
  courses: number;
}

async function testRule(
  t: BackTest,
  whole: RunningGroup,
  rule: AlertingRule,
  stepMs: number,
  budget: Budget,
  onSet: (atMs: number, alerts: AlertInstance[]) => void,
): Promise<Result<RuleBackTest, BackTestRefusal>> {
  const { group, own } = groupFor(whole, rule);
  const offsetMs = t.spec.queryOffsetMs ?? t.settings.queryOffsetMs;
  const warmUpMs = Math.min(MAX_WARM_UP_MS, rule.forMs + rule.keepFiringForMs + rule.cooldownMs);
  const startMs = gridAt(whole.grid, t.fromMs - warmUpMs);
  const ranSinceMs = t.ranSinceMs?.(rule);
  const ran = ranSinceMs !== undefined && ranSinceMs <= t.toMs;
  const recorded = ran
    ? await readRecorded(
        t.queryable,
        rule,
        Math.max(ranSinceMs, startMs) - 1 - offsetMs,
        t.toMs - offsetMs,
      )
    : new Recorded();
  const times = timesOf(startMs, ran ? Math.min(ranSinceMs, t.toMs + 1) : t.toMs + 1, stepMs);
  times.push(...recorded.timesMs.map((ms) => ms + offsetMs));
  // A write may have it evaluated at any time: what holds at the end is not left to the next time of the grid.
  if (!ran && times.at(-1) !== t.toMs) times.push(t.toMs);
  budget.evaluations -= times.length * group.rules.length;
  if (budget.evaluations < 0) {
    const limit = t.limits.maxEvaluations;
    return err({ reason: "too_many_evaluations", count: limit - budget.evaluations, limit });
  }
  const store = new LayeredStore(t.queryable, stepMs, recordedNames(group));
  const log = new CourseLog();
  let [failures, lastError, told] = [0, "", ""];
  for (const atMs of times) {
    const before = own.progress;
    const onRecord = ran && atMs >= ranSinceMs;
    await step(group, store, atMs, t, onRecord ? recorded : undefined, offsetMs);
    if (store.samplesRead > budget.samples)
      return err({ reason: "too_many_samples", limit: t.limits.maxSamples });
    if (own.progress.health === "err") {
      failures++;
      lastError = own.progress.lastError;
      continue;
    }
    if (onRecord && !spoke(own, before.alerting.alerts.keys(), recorded, atMs - offsetMs)) {
      // Another rule of that name was evaluated at this moment, not this one.
      own.progress = before;
      continue;
    }
    log.note(own.progress.alerting, atMs);
    const course = [...own.progress.alerting.alerts.values()]
      .map(
        (a) =>
          `${a.phase}${a.firedAtMs}${a.resolvedAtMs}${a.heldUntilMs}${identityOf(a.labels).key}`,
      )
      .join();
    if (course !== told) onSet(atMs, firingSet(group, atMs, t.settings));
    told = course;
  }
  budget.samples -= store.samplesRead;
  const courses = log.courses(t.fromMs);
  budget.courses -= courses.length;
  if (budget.courses < 0) return err({ reason: "too_many_alerts", limit: t.limits.maxCourses });
  return ok({
    rule,
    evaluations: times.length,
    ...(ran ? { ranSinceMs: Math.max(ranSinceMs, startMs) } : {}),
    courses,
    failures,
    lastError,
  });
}

async function step(
  group: RunningGroup,
  store: LayeredStore,
  atMs: number,
  t: BackTest,
  recorded: Recorded | undefined,
  offsetMs: number,
): Promise<void> {
  const last = group.rules.at(-1)?.rule;
  const keeps = last?.kind === "alerting" && last.keepFiringForMs > 0;
  store.atMs = atMs;
  const { samples } = await evaluateGroup(group, {
    queryable: store,
    clock: () => 0,
    atMs,
    occasion: "grid",
    settings: t.settings,
    onFault: () => undefined,
    ...(recorded === undefined
      ? {}
      : { seen: (now, before) => recorded.seenAt(atMs - offsetMs, now, before, keeps) }),
  });
  for (const s of samples) store.add(s);
}

/** The rule spoke at that moment of an alert that it had, or has now. */
function spoke(own: RunningRule, had: Iterable<string>, recorded: Recorded, atMs: number): boolean {
  for (const key of had) if (recorded.namesAt(atMs, key)) return true;
  for (const key of own.progress.alerting.alerts.keys())
    if (recorded.namesAt(atMs, key)) return true;
  return false;
}

function timesOf(startMs: number, endMs: number, stepMs: number): number[] {
  const out: number[] = [];
  for (let at = startMs; at < endMs; at += stepMs) out.push(at);
  return out;
}

/** The rule with the recording rules before it that it reads, and those that they read. */
function groupFor(
  whole: RunningGroup,
  rule: AlertingRule,
): { readonly group: RunningGroup; readonly own: RunningRule } {
  const at = whole.rules.findIndex((r) => r.rule === rule);
  const chosen = new Set([rule as unknown]);
  const wanted = new Set(namesRead(whole.rules[at] as RunningRule));
  for (const r of whole.rules.slice(0, at).toReversed()) {
    if (r.rule.kind !== "recording" || !wanted.has(r.rule.name)) continue;
    chosen.add(r.rule);
    for (const name of namesRead(r)) wanted.add(name);
  }
  const rules = whole.spec.rules.filter((r) => chosen.has(r));
  const group = startGroup({ ...whole.spec, rules }, new Map());
  for (const r of group.rules) r.alertsAtMs = Number.NEGATIVE_INFINITY;
  return { group, own: group.rules.at(-1) as RunningRule }; // the rule itself is the last of those chosen
}

function namesRead(r: RunningRule): string[] {
  return selectorsOf(r.expr).flatMap(({ matchers }) =>
    matchers.flatMap((m) => (m.name === METRIC_NAME && m.type === "=" ? [m.value] : [])),
  );
}

function recordedNames(group: RunningGroup): ReadonlySet<string> {
  return new Set(group.rules.flatMap((r) => (r.rule.kind === "recording" ? [r.rule.name] : [])));
}

/** What is stored, but for the metrics of the recording rules under test: those come from the test alone. */
class LayeredStore implements Queryable {
  private readonly stored: SteppedStore;
  private readonly made = new VirtualStore();

  constructor(
    stored: Queryable,
    stepMs: number,
    private readonly names: ReadonlySet<string>,
  ) {
    this.stored = new SteppedStore(stored, stepMs);
    this.made.visibleUntilMs = Number.POSITIVE_INFINITY;
  }

  get samplesRead(): number {
    return this.stored.samplesRead;
  }

  set atMs(ms: number) {
    this.stored.atMs = ms;
  }

  add(sample: Parameters<VirtualStore["add"]>[0]): void {
    if (this.names.has(metricName(sample.labels))) this.made.add(sample);
  }

  async select(
    ...[requests, limits]: Parameters<Queryable["select"]>
  ): ReturnType<Queryable["select"]> {
    const isMade = requests.map((r) =>
      r.matchers.some((m) => m.name === METRIC_NAME && m.type === "=" && this.names.has(m.value)),
    );
    const [stored, made] = await Promise.all([
      this.stored.select(
        requests.filter((_, i) => !isMade[i]),
        limits,
      ),
      this.made.select(
        requests.filter((_, i) => isMade[i]),
        limits,
      ),
    ]);
    let [s, m] = [0, 0];
    return isMade.map((yes) => (yes ? made[m++] : stored[s++]) ?? []);
  }
}
