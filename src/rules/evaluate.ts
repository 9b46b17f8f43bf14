import { type Labels, METRIC_NAME, labelsKey, labelsOf, labelsToRecord } from "../core/labels";
import type { Queryable } from "../core/metric-store";
import { type Result, err, ok } from "../core/result";
import { type Expr, QueryError, type VectorSample, evalInstant } from "../promql";
import type { AlertingRule, RecordingRule, Rule } from "./model";
import { type PendingSample, overlay } from "./overlay";
import type { Progress } from "./progress";
import { type RuleTemplates, expandRule, newStepBudget } from "./templates";
import { type AlertingState, type EvaluationFailure, failureText, stepAlerts } from "./state";

/** A rule with its expression and its templates parsed. */
export interface LoadedRule {
  readonly rule: Rule;
  readonly expr: Expr;
  readonly templates: RuleTemplates;
}

/** Alerts of one rule where its group names no limit: what the router takes in one hand-over. */
export const MAX_ALERTS = 10_000;

export interface EvaluationContext {
  readonly queryable: Queryable;
  readonly atMs: number;
  readonly queryOffsetMs: number;
  readonly limit: number;
  readonly externalUrl: string;
  /** What earlier rules of the same evaluation gave; this one's is added to it. */
  readonly pending: PendingSample[];
}

export interface Evaluated {
  readonly progress: Progress;
  /** Something must be stored before its effects are let out. */
  readonly changed: boolean;
  /** Samples and stale markers of this rule. */
  readonly samples: readonly PendingSample[];
}

/** Evaluates one rule at one time. A failure changes nothing but the rule's health. */
export async function evaluateRule(
  loaded: LoadedRule,
  before: Progress,
  ctx: EvaluationContext,
): Promise<Evaluated> {
  const result = await queryVector(loaded.expr, ctx);
  const done = result.ok ? apply(loaded, before, result.value, ctx) : result;
  if (!done.ok) {
    const lastError = failureText(done.error);
    const changed = before.health !== "err" || before.lastError !== lastError;
    return { progress: { ...before, health: "err", lastError }, changed, samples: [] };
  }
  const changed = done.value.changed || before.health !== "ok";
  ctx.pending.push(...done.value.samples);
  return { progress: done.value.progress, changed, samples: done.value.samples };
}

function apply(
  { rule, templates }: LoadedRule,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Result<Evaluated, EvaluationFailure> {
  return rule.kind === "alerting"
    ? applyAlerting(rule, templates, before, vector, ctx)
    : applyRecording(rule, before, vector, ctx);
}

async function queryVector(
  expr: Expr,
  ctx: EvaluationContext,
): Promise<Result<readonly VectorSample[], EvaluationFailure>> {
  try {
    const result = await evalInstant(expr, {
      queryable: overlay(ctx.queryable, ctx.pending),
      atMs: ctx.atMs - ctx.queryOffsetMs,
    });
    switch (result.type) {
      case "vector":
        return ok(result.samples);
      case "scalar":
        return ok([{ labels: [], timestampMs: result.timestampMs, value: result.value }]);
      case "string":
      case "matrix":
        return err({ reason: "not_a_vector", type: result.type });
    }
  } catch (e) {
    if (e instanceof QueryError) return err({ reason: "query", message: e.message });
    throw e;
  }
}

function applyAlerting(
  rule: AlertingRule,
  templates: RuleTemplates,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Result<Evaluated, EvaluationFailure> {
  const most = Math.max(ctx.limit, MAX_ALERTS);
  if (vector.length > most)
    return err({ reason: "limit", limit: most, count: vector.length, of: "alerts" });
  const budget = newStepBudget();
  const candidates = vector.map((s) =>
    expandRule(templates, s.labels, s.value, ctx.externalUrl, budget),
  );
  const step = stepAlerts(rule, before.alerting, candidates, ctx.atMs, ctx.limit);
  if (!step.ok) return step;
  const { state, changed } = step.value;
  const samples = withStaleMarkers(
    alertSeries(before.alerting),
    alertSeries(state),
    ctx.atMs - ctx.queryOffsetMs,
  );
  return ok({
    progress: { alerting: state, series: before.series, health: "ok", lastError: "" },
    changed,
    samples,
  });
}

/** `ALERTS` and `ALERTS_FOR_STATE` of every pending and firing alert. */
export function alertSeries(state: AlertingState): Map<string, [Labels, number]> {
  const out = new Map<string, [Labels, number]>();
  for (const a of state.alerts.values()) {
    if (a.phase === "resolved") continue;
    const shown = labelsOf({ ...a.labels, [METRIC_NAME]: "ALERTS", alertstate: a.phase });
    const since = labelsOf({ ...a.labels, [METRIC_NAME]: "ALERTS_FOR_STATE" });
    out.set(labelsKey(shown), [shown, 1]);
    out.set(labelsKey(since), [since, Math.floor(a.activeAtMs / 1000)]);
  }
  return out;
}

function applyRecording(
  rule: RecordingRule,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Result<Evaluated, EvaluationFailure> {
  const now = new Map<string, [Labels, number]>();
  for (const s of vector) {
    const labels = labelsOf({
      ...labelsToRecord(s.labels),
      ...rule.labels,
      [METRIC_NAME]: rule.name,
    });
    const key = labelsKey(labels);
    if (now.has(key)) return err({ reason: "duplicate_labels", of: "rule" });
    now.set(key, [labels, s.value]);
  }
  if (ctx.limit > 0 && now.size > ctx.limit)
    return err({ reason: "limit", limit: ctx.limit, count: now.size, of: "series" });
  const old = new Map([...before.series].map(([k, l]): [string, [Labels, number]] => [k, [l, 0]]));
  const changed = now.size !== old.size || [...now.keys()].some((k) => !old.has(k));
  const series = changed ? new Map([...now].map(([k, [l]]) => [k, l])) : before.series;
  const samples = withStaleMarkers(old, now, ctx.atMs - ctx.queryOffsetMs);
  return ok({
    progress: { alerting: before.alerting, series, health: "ok", lastError: "" },
    changed,
    samples,
  });
}

/** The samples of `now`, and a stale marker for each series of `before` that is no more. */
export function withStaleMarkers(
  before: ReadonlyMap<string, readonly [Labels, number]>,
  now: ReadonlyMap<string, readonly [Labels, number]>,
  timeMs: number,
): PendingSample[] {
  const out: PendingSample[] = [];
  for (const [labels, value] of now.values()) out.push({ labels, timeMs, value });
  for (const [key, [labels]] of before)
    if (!now.has(key)) out.push({ labels, timeMs, value: undefined });
  return out;
}

/** Stale markers for everything a rule has written: it is no more. */
export function endOfSeries(p: Progress, timeMs: number): PendingSample[] {
  const recorded = new Map([...p.series].map(([k, l]): [string, [Labels, number]] => [k, [l, 0]]));
  const all = new Map([...alertSeries(p.alerting), ...recorded]);
  return withStaleMarkers(all, new Map(), timeMs);
}
