import { parseExpr, renderExpr } from "../../promql";
import type { FlapSettings } from "../../core/alerts";
import type { AlertView, GroupState, RuleState } from "../../rules/model";

/** A rule as `/api/v1/rules` shows it (https://prometheus.io/docs/prometheus/latest/querying/api/#rules). */
export function renderRule(r: RuleState, withAlerts: boolean): Record<string, unknown> {
  const { rule } = r;
  const common = {
    name: rule.name,
    query: printed(rule.expr),
    ...(rule.kind === "alerting" || Object.keys(rule.labels).length > 0
      ? { labels: rule.labels }
      : {}),
    health: r.health,
    ...(r.lastError === "" ? {} : { lastError: r.lastError }),
    evaluationTime: r.evaluationMs / 1000,
    lastEvaluation: time(r.lastEvaluationMs),
  };
  if (rule.kind === "recording") return { ...common, type: "recording" };
  return {
    state: stateOf(r),
    ...common,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    ...(rule.cooldownMs === 0 ? {} : { cooldown: rule.cooldownMs / 1000 }),
    ...(rule.flap === undefined ? {} : { flap: flapOf(rule.flap) }),
    annotations: rule.annotations,
    ...(withAlerts ? { alerts: r.alerts.map(renderAlert) } : {}),
    type: "alerting",
  };
}

export function renderGroup(
  g: GroupState,
  rules: readonly RuleState[],
  withAlerts: boolean,
): Record<string, unknown> {
  return {
    name: g.name,
    file: g.namespace,
    rules: rules.map((r) => renderRule(r, withAlerts)),
    interval: g.intervalMs / 1000,
    limit: g.limit,
    evaluationTime: g.evaluationMs / 1000,
    lastEvaluation: time(g.lastEvaluationMs),
    missedEvaluations: g.missedEvaluations,
  };
}

export function renderAlert(a: AlertView): Record<string, unknown> {
  return {
    labels: a.labels,
    annotations: a.annotations,
    state: a.state,
    activeAt: time(a.activeAtMs),
    ...(a.keepFiringSinceMs === undefined ? {} : { keepFiringSince: time(a.keepFiringSinceMs) }),
    ...(a.heldBackUntilMs === undefined ? {} : { heldBackUntil: time(a.heldBackUntilMs) }),
    value: scientific(a.value),
  };
}

/** In the rule file's fields, durations in seconds as Prometheus shows them. */
function flapOf({ changes, withinMs, calmMs }: FlapSettings): Record<string, number> {
  return { changes, within: withinMs / 1000, calm: calmMs / 1000 };
}

function stateOf(r: RuleState): "unknown" | "inactive" | "pending" | "firing" {
  if (r.alerts.some((a) => a.state === "firing")) return "firing";
  if (r.alerts.length > 0) return "pending";
  return r.health === "unknown" ? "unknown" : "inactive";
}

function printed(expr: string): string {
  const parsed = parseExpr(expr);
  return parsed.ok ? renderExpr(parsed.value) : expr;
}

/** Go's zero time stands for never. */
function time(ms: number): string {
  return ms === 0 ? "0001-01-01T00:00:00Z" : new Date(ms).toISOString();
}

/** Go's `%e` with the shortest digits: `4.2e+01`. */
function scientific(value: string): string {
  const n = Number(value);
  if (!Number.isFinite(n)) return value;
  const [digits = "", exponent = "0"] = n.toExponential().split("e");
  const size = Math.abs(Number(exponent)).toString().padStart(2, "0");
  return `${Object.is(n, -0) ? "-" : ""}${digits}e${Number(exponent) < 0 ? "-" : "+"}${size}`;
}
