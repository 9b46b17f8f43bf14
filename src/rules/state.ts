import type { StringMap } from "../core/alerts";
import { labelsKey, labelsOf } from "../core/labels";
import { type Result, err, ok } from "../core/result";
import type { AlertingRule } from "./model";
import { identityOf } from "./rendered";
import { severityRank } from "../core/severity";

/** One label set of an alerting rule. Times are ms. */
export interface Alert {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly phase: "pending" | "firing" | "resolved";
  readonly activeAtMs: number;
  /** 0 while pending. */
  readonly firedAtMs: number;
  /** 0 until resolved. */
  readonly resolvedAtMs: number;
  /** Since when only keep_firing_for holds it up; 0 where the expression does. */
  readonly keepFiringSinceMs: number;
  /** The cooldown holds it back until then; 0 where it does not. */
  readonly heldUntilMs: number;
  readonly value: number;
}

/** When a label set (without its severity) was last let out, and how grave it was. */
export interface Cooldown {
  readonly notifiedAtMs: number;
  readonly rank: number;
}

export interface AlertingState {
  /** By label set. */
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly cooldowns: ReadonlyMap<string, Cooldown>;
}

export const NO_ALERTS: AlertingState = { alerts: new Map(), cooldowns: new Map() };

/** One series of the rule's expression with the rule's labels and annotations filled in. */
export interface Candidate {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly value: number;
}

/** Why a rule's evaluation counts for nothing. */
export type EvaluationFailure =
  | { readonly reason: "query"; readonly message: string }
  | { readonly reason: "not_a_vector"; readonly type: string }
  | { readonly reason: "duplicate_labels"; readonly of: "alert" | "rule" }
  | {
      readonly reason: "limit";
      readonly limit: number;
      readonly count: number;
      readonly of: "alerts" | "series";
    };

export interface Step {
  readonly state: AlertingState;
  /** Something that a restart must not forget is new; values and annotations alone are not. */
  readonly changed: boolean;
}

/** A resolved alert is repeated this long, so that a lost hand-over is made good. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/**
 * One evaluation of an alerting rule (inactive → pending → firing → resolved), as Prometheus
 * steps its own (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).
 * A failure leaves the state as it was.
 */
export function stepAlerts(
  rule: AlertingRule,
  before: AlertingState,
  candidates: readonly Candidate[],
  atMs: number,
  limit: number,
): Result<Step, EvaluationFailure> {
  const found = new Map<string, Candidate>();
  for (const c of candidates) {
    const { key } = identityOf(c.labels);
    if (found.has(key)) return err({ reason: "duplicate_labels", of: "alert" });
    found.set(key, c);
  }
  const cooldowns = new Map(
    [...before.cooldowns].filter(([, c]) => c.notifiedAtMs + rule.cooldownMs > atMs),
  );
  const alerts = new Map<string, Alert>();
  let changed = cooldowns.size !== before.cooldowns.size;
  for (const [key, old] of before.alerts) {
    if (found.has(key)) continue;
    const next = withoutSample(rule, old, atMs);
    if (next !== old) changed = true;
    if (next !== undefined) alerts.set(key, next);
  }
  for (const [key, candidate] of found) {
    const old = before.alerts.get(key);
    const next = withSample(rule, old, candidate, atMs);
    if (old === undefined || !sameCourse(old, next)) changed = true;
    alerts.set(key, next);
  }
  let active = 0;
  for (const [key, alert] of alerts) {
    if (alert.phase !== "resolved") active++;
    if (alert.phase !== "firing" || rule.cooldownMs === 0) continue;
    const kept = holdBack(rule, alert, before.alerts.get(key), cooldowns, atMs);
    if (kept === alert) continue;
    alerts.set(key, kept);
    changed = true;
  }
  if (limit > 0 && active > limit)
    return err({ reason: "limit", limit, count: active, of: "alerts" });
  changed ||= [...cooldowns].some(([k, c]) => before.cooldowns.get(k) !== c);
  return ok({ state: { alerts, cooldowns }, changed });
}

function withSample(rule: AlertingRule, old: Alert | undefined, c: Candidate, atMs: number): Alert {
  const running = old !== undefined && old.phase !== "resolved" ? old : undefined;
  const activeAtMs = running?.activeAtMs ?? atMs;
  const fires = running?.phase === "firing" || atMs - activeAtMs >= rule.forMs;
  return {
    labels: c.labels,
    annotations: c.annotations,
    phase: fires ? "firing" : "pending",
    activeAtMs,
    firedAtMs: fires ? running?.firedAtMs || atMs : 0,
    resolvedAtMs: 0,
    keepFiringSinceMs: 0,
    heldUntilMs: running?.heldUntilMs ?? 0,
    value: c.value,
  };
}

/** What becomes of an alert whose series is gone; undefined where it is forgotten. */
function withoutSample(rule: AlertingRule, old: Alert, atMs: number): Alert | undefined {
  switch (old.phase) {
    case "pending":
      return undefined;
    case "resolved":
      return atMs - old.resolvedAtMs > RESOLVED_RETENTION_MS ? undefined : old;
    case "firing": {
      const since = old.keepFiringSinceMs || atMs;
      if (rule.keepFiringForMs > 0 && atMs - since < rule.keepFiringForMs)
        return since === old.keepFiringSinceMs ? old : { ...old, keepFiringSinceMs: since };
      return { ...old, phase: "resolved", resolvedAtMs: atMs, keepFiringSinceMs: 0 };
    }
  }
}

/**
 * Decides whether a firing alert may be told. It may where its label set was not told within the
 * cooldown, or is graver than when it was; one that was let out stays let out until it resolves.
 */
function holdBack(
  rule: AlertingRule,
  alert: Alert,
  before: Alert | undefined,
  cooldowns: Map<string, Cooldown>,
  atMs: number,
): Alert {
  const wasFiring = before?.phase === "firing";
  if (wasFiring && before.heldUntilMs === 0) return alert;
  if (wasFiring && before.heldUntilMs > atMs) return alert;
  const key = cooldownKey(alert.labels);
  const last = cooldowns.get(key);
  const rank = severityRank(alert.labels["severity"]);
  if (!wasFiring && last !== undefined && rank <= last.rank) {
    return { ...alert, heldUntilMs: last.notifiedAtMs + rule.cooldownMs };
  }
  cooldowns.set(key, { notifiedAtMs: atMs, rank });
  return alert.heldUntilMs === 0 ? alert : { ...alert, heldUntilMs: 0 };
}

function cooldownKey(labels: StringMap): string {
  const { severity: _, ...rest } = labels;
  return labelsKey(labelsOf(rest));
}

/** Equal but for value and annotations. */
export function sameCourse(a: Alert, b: Alert): boolean {
  return (
    a.phase === b.phase &&
    a.activeAtMs === b.activeAtMs &&
    a.firedAtMs === b.firedAtMs &&
    a.resolvedAtMs === b.resolvedAtMs &&
    a.keepFiringSinceMs === b.keepFiringSinceMs &&
    a.heldUntilMs === b.heldUntilMs
  );
}

/** The failure as Prometheus words it in a rule's `lastError`. */
export function failureText(f: EvaluationFailure): string {
  switch (f.reason) {
    case "query":
      return f.message;
    case "not_a_vector":
      return `rule result is not a vector or scalar but a ${f.type}`;
    case "duplicate_labels":
      return `vector contains metrics with the same labelset after applying ${f.of} labels`;
    case "limit":
      return `exceeded limit of ${f.limit} with ${f.count} ${f.of}`;
  }
}
