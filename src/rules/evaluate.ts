import type { StringMap } from "../core/alerts";
import { type Labels, METRIC_NAME, labelsKey, withLabel } from "../core/labels";
import type { Queryable } from "../core/metric-store";
import { type Result, err, ok } from "../core/result";
import { type Expr, QueryError, type VectorSample, evalInstant } from "../promql";
import type { AlertingRule, RecordingRule, Rule } from "./model";
import { overlay } from "./overlay";
import type { PendingSample, PendingSamples } from "./pending";
import type { Progress } from "./progress";
import { type RenderedCandidates, identityOf } from "./rendered";
import { restoreForState } from "./restore";
import {
  type AlertingState,
  type Candidate,
  type EvaluationFailure,
  NO_ALERTS,
  failureText,
  stepAlerts,
} from "./state";
import { TemplateQueries } from "./template-queries";
import { type RuleTemplates, expandRule, newStepBudget } from "./templates";

/** A rule with its expression and its templates parsed. */
export interface LoadedRule {
  readonly rule: Rule;
  readonly expr: Expr;
  readonly templates: RuleTemplates;
  /** What the last evaluation's templates gave. */
  readonly rendered: RenderedCandidates;
}

/** Alerts of one rule where its group names no limit: what the router takes in one hand-over. */
export const MAX_ALERTS = 10_000;

/** What a deployment sets for all rules. */
export interface RuleSettings {
  readonly externalUrl: string;
  /** Of the whole deployment: in templates, and on each alert that is handed over. */
  readonly externalLabels: StringMap;
  /** Of groups that name no `query_offset`, ms. */
  readonly queryOffsetMs: number;
}

export interface EvaluationContext {
  readonly queryable: Queryable;
  readonly atMs: number;
  readonly queryOffsetMs: number;
  readonly limit: number;
  readonly settings: RuleSettings;
  /** What earlier rules of the same evaluation gave; this one's is added to it. */
  readonly pending: PendingSamples;
  /** Of a past evaluation: what the rule then saw, where that is known, of what it would see now. */
  readonly seen?: (now: readonly Candidate[], before: AlertingState) => readonly Candidate[];
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
  const done = result.ok ? await apply(loaded, before, result.value, ctx) : result;
  if (!done.ok) {
    const lastError = failureText(done.error);
    const changed = before.health !== "err" || before.lastError !== lastError;
    return { progress: { ...before, health: "err", lastError }, changed, samples: [] };
  }
  const changed = done.value.changed || before.health !== "ok";
  ctx.pending.add(done.value.samples);
  return { progress: done.value.progress, changed, samples: done.value.samples };
}

async function apply(
  loaded: LoadedRule,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Promise<Result<Evaluated, EvaluationFailure>> {
  return loaded.rule.kind === "alerting"
    ? applyAlerting(loaded.rule, loaded, before, vector, ctx)
    : applyRecording(loaded.rule, before, vector, ctx);
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

async function applyAlerting(
  rule: AlertingRule,
  loaded: LoadedRule,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Promise<Result<Evaluated, EvaluationFailure>> {
  const most = Math.max(ctx.limit, MAX_ALERTS);
  if (vector.length > most)
    return err({ reason: "limit", limit: most, count: vector.length, of: "alerts" });
  const all = await candidatesOf(loaded, vector, ctx);
  const candidates = ctx.seen === undefined ? all : ctx.seen(all, before.alerting);
  const step = stepAlerts(rule, before.alerting, candidates, ctx.atMs, ctx.limit);
  if (!step.ok) return step;
  const { changed } = step.value;
  const state =
    before.health === "unknown"
      ? await restoreForState(rule, step.value.state, ctx.queryable, ctx.atMs - ctx.queryOffsetMs)
      : step.value.state;
  return ok({
    progress: { alerting: state, series: before.series, health: "ok", lastError: "" },
    changed,
    samples: alertSamples(before.alerting, state, ctx.atMs - ctx.queryOffsetMs),
  });
}

async function candidatesOf(
  { templates, rendered }: LoadedRule,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Promise<Candidate[]> {
  const { settings } = ctx;
  const queries = new TemplateQueries();
  for (;;) {
    const budget = newStepBudget();
    const candidates = vector.map((s) =>
      rendered.candidate(s.labels, s.value, templates.queries, () =>
        expandRule(templates, s.labels, s.value, {
          settings,
          budget,
          queries,
          atMs: ctx.atMs - ctx.queryOffsetMs,
        }),
      ),
    );
    rendered.keepAsked();
    const more = await queries.ask({
      queryable: overlay(ctx.queryable, ctx.pending),
      atMs: ctx.atMs - ctx.queryOffsetMs,
    });
    if (!more) return candidates;
  }
}

/** `ALERTS` and `ALERTS_FOR_STATE` of every pending and firing alert, and stale markers for those that are no more. */
export function alertSamples(
  before: AlertingState,
  now: AlertingState,
  timeMs: number,
): PendingSample[] {
  const out: PendingSample[] = [];
  for (const a of now.alerts.values()) {
    if (a.phase === "resolved") continue;
    const { series, sinceSeries } = identityOf(a.labels);
    out.push({ labels: series[a.phase], timeMs, value: 1 });
    out.push({ labels: sinceSeries, timeMs, value: Math.floor(a.activeAtMs / 1000) });
  }
  for (const [key, a] of before.alerts) {
    if (a.phase === "resolved") continue;
    const then = now.alerts.get(key);
    const gone = then === undefined || then.phase === "resolved";
    const { series, sinceSeries } = identityOf(a.labels);
    if (gone || then.phase !== a.phase)
      out.push({ labels: series[a.phase], timeMs, value: undefined });
    if (gone) out.push({ labels: sinceSeries, timeMs, value: undefined });
  }
  return out;
}

function applyRecording(
  rule: RecordingRule,
  before: Progress,
  vector: readonly VectorSample[],
  ctx: EvaluationContext,
): Result<Evaluated, EvaluationFailure> {
  const timeMs = ctx.atMs - ctx.queryOffsetMs;
  const series = new Map<string, Labels>();
  const samples: PendingSample[] = [];
  for (const s of vector) {
    const labels = recordedLabels(rule, s.labels);
    const key = labelsKey(labels);
    if (series.has(key)) return err({ reason: "duplicate_labels", of: "rule" });
    series.set(key, labels);
    const { value, histogram } = s;
    samples.push({ labels, timeMs, value, ...(histogram === undefined ? {} : { histogram }) });
  }
  if (ctx.limit > 0 && series.size > ctx.limit)
    return err({ reason: "limit", limit: ctx.limit, count: series.size, of: "series" });
  let changed = series.size !== before.series.size;
  for (const [key, labels] of before.series) {
    if (series.has(key)) continue;
    changed = true;
    samples.push({ labels, timeMs, value: undefined });
  }
  return ok({
    progress: {
      alerting: before.alerting,
      series: changed ? series : before.series,
      health: "ok",
      lastError: "",
    },
    changed,
    samples,
  });
}

function recordedLabels(rule: RecordingRule, of: Labels): Labels {
  let out = withLabel(of, METRIC_NAME, rule.name);
  for (const [name, value] of Object.entries(rule.labels)) out = withLabel(out, name, value);
  return out;
}

/** Stale markers for everything a rule has written: it is no more. */
export function endOfSeries(p: Progress, timeMs: number): PendingSample[] {
  const recorded = [...p.series.values()].map((labels) => ({ labels, timeMs, value: undefined }));
  return [...alertSamples(p.alerting, NO_ALERTS, timeMs), ...recorded];
}
