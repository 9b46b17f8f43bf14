import type { Context } from "hono";
import type { RouterConfig } from "../../alerting/config";
import { parseDuration } from "../../core/duration";
import { type Result, err, ok } from "../../core/result";
import { type BackTestRefusal, type BackTested, backTest } from "../../rules/backtest/run";
import { parseTested } from "../../rules/backtest/input";
import { type ToldMessage, notificationsOf } from "../../rules/backtest/notifications";
import { type GroupVersion, ranSinceMs } from "../../rules/backtest/ran";
import { type RuleGroupSpec, groupKey } from "../../rules/model";
import type { AppEnv } from "../deps";
import { type Problem, problem } from "../problem";
import { loadRetention } from "../settings/retention";
import { readText } from "../text-body";
import { parseTimeParam } from "../time-param";
import { rulesProblem } from "./problems";

type Ctx = Context<AppEnv>;

const MAX_BODY = 256 * 1024;
const DEFAULT_RANGE_MS = 24 * 3_600_000;
/** Messages in the answer; the totals count all. */
const SHOWN_MESSAGES = 500;
/** Of one request: about ten seconds of a Worker's time. */
const LIMITS = { maxEvaluations: 60_000, maxSamples: 100_000_000, maxCourses: 10_000 };
const DAY_MS = 86_400_000;

/**
 * `POST /api/v1/rules/backtest`: what rules would have done over a past range, or did, and how many
 * messages that means. Nothing is stored.
 */
export async function postBackTest(c: Ctx): Promise<Response> {
  const asked = question(c);
  if (!asked.ok) return problem(c, asked.error);
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  const parsed = parseTested(text.value);
  if (!parsed.ok) return rulesProblem(c, { reason: "refused", refusal: parsed.error });
  const { fromMs, toMs, stepMs, namespace } = asked.value;
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const configs = deps.configStore(projectId);
  const retention = await loadRetention(configs);
  const rawSinceMs = deps.clock() - retention.metrics_raw * DAY_MS;
  const router = deps.objects(projectId).alertRouter();
  const config = JSON.parse(await router.configuration()) as RouterConfig; // as the router was given it
  const settings = { projectId, config, externalUrl: deps.config.externalUrl ?? "" };
  const groups: unknown[] = [];
  const left = { ...LIMITS };
  const told: ToldMessage[] = [];
  for (const { node: _, ...group } of parsed.value) {
    const spec: RuleGroupSpec = { ...group, namespace, version: 0 };
    const versions = await configs.versions("rules", groupKey(namespace, group.name), 50);
    const known = versions.map((d): GroupVersion => {
      const rules = d.body === null ? [] : (JSON.parse(d.body) as RuleGroupSpec).rules; // as documentOf() made it
      return { updatedAtMs: d.updatedAtMs, rules };
    });
    const done = await backTest({
      spec,
      fromMs,
      toMs,
      ...(stepMs === undefined ? {} : { stepMs }),
      ranSinceMs: (rule) => {
        const since = ranSinceMs(rule, known);
        return since === undefined ? undefined : Math.max(since, rawSinceMs);
      },
      queryable: deps.metrics(projectId),
      settings: {
        externalUrl: settings.externalUrl,
        externalLabels: deps.config.externalLabels,
        queryOffsetMs: deps.config.ruleQueryOffsetMs,
      },
      limits: left,
    });
    if (!done.ok) return problem(c, refusal(done.error));
    left.maxEvaluations -= done.value.spent.evaluations;
    left.maxSamples -= done.value.spent.samples;
    told.push(...notificationsOf(settings, done.value.changes, toMs));
    groups.push({ name: group.name, rules: done.value.rules.map(shownRule) });
  }
  const within = told.filter((m) => m.atMs >= fromMs).toSorted((a, b) => a.atMs - b.atMs);
  return c.json({
    from: iso(fromMs),
    to: iso(toMs),
    groups,
    notifications: {
      count: within.length,
      by_receiver: countBy(within, (m) => m.receiver),
      by_reason: countBy(within, (m) => m.reason),
      messages: within.slice(0, SHOWN_MESSAGES).map(shownMessage),
    },
  });
}

interface Question {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number | undefined;
  readonly namespace: string;
}

function question(c: Ctx): Result<Question, Problem> {
  const now = c.get("deps").clock();
  const to = parseTimeParam(c.req.query("to") ?? "now", now);
  if (!to.ok) return err(invalid("to", to.error));
  const toMs = Math.min(to.value, now);
  const fromText = c.req.query("from");
  const from = fromText === undefined ? ok(toMs - DEFAULT_RANGE_MS) : parseTimeParam(fromText, now);
  if (!from.ok) return err(invalid("from", from.error));
  if (from.value >= toMs) return err(invalid("from", "from must lie before to, and in the past"));
  const stepText = c.req.query("step");
  const step = stepText === undefined ? undefined : parseDuration(stepText);
  if (step !== undefined && (!step.ok || step.value < 1_000))
    return err(invalid("step", `${JSON.stringify(stepText)} is no duration of 1s or more`));
  return ok({
    fromMs: from.value,
    toMs,
    stepMs: step?.ok === true ? step.value : undefined,
    namespace: c.req.query("namespace") ?? "",
  });
}

function invalid(where: string, detail: string): Problem {
  return { status: 400, code: "query_invalid", detail, where };
}

function refusal(r: BackTestRefusal): Problem {
  switch (r.reason) {
    case "nothing_to_test":
      return { status: 400, code: "backtest_nothing", detail: "there is no alerting rule in it" };
    case "too_many_evaluations":
      return {
        status: 422,
        code: "backtest_too_long",
        detail: `that takes ${r.count} evaluations of rules`,
        limit: {
          name: "backtest_evaluations",
          value: r.limit,
          raise: "ask for a shorter range, fewer rules, or a coarser step",
        },
      };
    case "too_many_samples":
      return {
        status: 422,
        code: "backtest_too_long",
        detail: "its evaluations read too many samples",
        limit: {
          name: "backtest_samples",
          value: r.limit,
          raise: "ask for a shorter range, fewer series, or a coarser step",
        },
      };
    case "too_many_alerts":
      return {
        status: 422,
        code: "backtest_too_many_alerts",
        detail: `more than ${r.limit} alerts came and went`,
        limit: {
          name: "backtest_alerts",
          value: r.limit,
          raise: "ask for a shorter range, or aggregate in the expression",
        },
      };
  }
}

function shownRule(r: BackTested["rules"][number]): Record<string, unknown> {
  const fired = r.courses.filter((a) => a.firedAtMs !== undefined);
  return {
    alert: r.rule.name,
    expr: r.rule.expr,
    evaluations: r.evaluations,
    failures: r.failures,
    last_error: r.lastError,
    /** From then on this is what happened, not what would have. */
    ran_since: r.ranSinceMs === undefined ? null : iso(r.ranSinceMs),
    fired: fired.length,
    only_pending: r.courses.length - fired.length,
    alerts: r.courses.map((a) => ({
      labels: a.labels,
      annotations: a.annotations,
      pending_at: iso(a.pendingAtMs),
      fired_at: optional(a.firedAtMs),
      ended_at: optional(a.endedAtMs),
      held_until: optional(a.heldUntilMs),
      value: Number.isFinite(a.value) ? a.value : null,
    })),
  };
}

function shownMessage(m: ToldMessage): Record<string, unknown> {
  return {
    at: iso(m.atMs),
    receiver: m.receiver,
    integration: m.integration,
    group_key: m.groupKey,
    status: m.status,
    reason: m.reason,
    firing: m.firing,
    resolved: m.resolved,
  };
}

function countBy(
  messages: readonly ToldMessage[],
  of: (m: ToldMessage) => string,
): Record<string, number> {
  const out = new Map<string, number>();
  for (const m of messages) out.set(of(m), (out.get(of(m)) ?? 0) + 1);
  return Object.fromEntries(out);
}

const iso = (ms: number): string => new Date(ms).toISOString();
const optional = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));
