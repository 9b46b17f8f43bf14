import type { AlertInstance, StringMap } from "../core/alerts";
import type { AlertingRule } from "./model";
import type { Alert } from "./state";

export interface HandOverOptions {
  readonly atMs: number;
  readonly intervalMs: number;
  readonly generatorUrl: string;
  readonly rule: Pick<AlertingRule, "cooldownMs" | "flap">;
}

/** Prometheus' resend delay and the evaluations that may be missed before a firing alert expires. */
export const RESEND_DELAY_MS = 60_000;
const EVALUATIONS_BEFORE_EXPIRY = 4;

/**
 * A firing alert, or one that resolved of late, as the router takes it. The deployment's labels go
 * with it where the rule does not set them, as Prometheus sends them to its Alertmanager.
 */
export function instanceOf(a: Alert, o: HandOverOptions, externalLabels: StringMap): AlertInstance {
  const common = {
    labels: none(externalLabels) ? a.labels : { ...externalLabels, ...a.labels },
    annotations: a.annotations,
    startsAtMs: a.firedAtMs,
    generatorUrl: o.generatorUrl,
    value: a.value,
    ...(o.rule.cooldownMs === 0 ? {} : { cooldownMs: o.rule.cooldownMs }),
    ...(o.rule.flap === undefined ? {} : { flap: o.rule.flap }),
  };
  if (a.phase === "resolved") return { ...common, status: "resolved", endsAtMs: a.resolvedAtMs };
  const endsAtMs = o.atMs + EVALUATIONS_BEFORE_EXPIRY * Math.max(o.intervalMs, RESEND_DELAY_MS);
  const held = a.heldUntilMs > o.atMs;
  return {
    ...common,
    status: "firing",
    endsAtMs,
    ...(held ? { heldBack: { reason: "cooldown", untilMs: a.heldUntilMs } } : {}),
  };
}

function none(labels: StringMap): boolean {
  for (const _ in labels) return false;
  return true;
}

/** The page where an expression's graph can be seen. */
export function generatorUrl(externalUrl: string, expr: string): string {
  return `${externalUrl}/explore?q=${encodeURIComponent(expr)}`;
}
