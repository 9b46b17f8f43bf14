import type { AlertInstance } from "../core/alerts";
import type { Alert, AlertingState } from "./state";

export interface HandOverOptions {
  readonly atMs: number;
  readonly intervalMs: number;
  readonly generatorUrl: string;
}

/** Prometheus' resend delay and the evaluations that may be missed before a firing alert expires. */
const RESEND_DELAY_MS = 60_000;
const EVALUATIONS_BEFORE_EXPIRY = 4;

/** The firing alerts of a rule and those resolved of late, as the router takes them. */
export function instancesOf(state: AlertingState, o: HandOverOptions): AlertInstance[] {
  const out: AlertInstance[] = [];
  for (const a of state.alerts.values()) if (a.phase !== "pending") out.push(instanceOf(a, o));
  return out;
}

function instanceOf(a: Alert, o: HandOverOptions): AlertInstance {
  const common = {
    labels: a.labels,
    annotations: a.annotations,
    startsAtMs: a.firedAtMs,
    generatorUrl: o.generatorUrl,
    value: a.value,
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

/** The page where an expression's graph can be seen. */
export function generatorUrl(externalUrl: string, expr: string): string {
  return `${externalUrl}/explore?q=${encodeURIComponent(expr)}`;
}
