import * as z from "zod";
import type { LiveAlert } from "../../core/live";

const record = z.record(z.string(), z.string());
/** What the page needs of alerting/model ActiveAlert; a hub of the version before meets a router of the next. */
const activeAlerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: record,
    annotations: record.default({}),
    status: z.string(),
    silencedBy: z.array(z.string()).default([]),
    maintenanceBy: z.array(z.string()).default([]),
    startsAtMs: z.number(),
    value: z.number().nullish(),
    acknowledgedBy: z.string().nullish(),
    incidentId: z.string().nullish(),
  }),
);

const WEIGHT: Readonly<Record<string, number>> = {
  critical: 0,
  high: 1,
  error: 1,
  warning: 2,
  medium: 2,
  low: 3,
  info: 4,
};

/** The router's active alerts for the page: without the resolved ones, the gravest first, then the newest. */
export function parseActiveAlerts(json: string): readonly LiveAlert[] {
  return activeAlerts
    .parse(JSON.parse(json))
    .filter((a) => a.status !== "resolved")
    .map((a): LiveAlert => ({
      fingerprint: a.fingerprint,
      labels: a.labels,
      annotations: a.annotations,
      status: a.status === "suppressed" ? "suppressed" : "firing",
      ...(a.status === "suppressed" ? { heldBy: holderOf(a) } : {}),
      startsAtMs: a.startsAtMs,
      value: a.value ?? Number.NaN,
      ...(a.acknowledgedBy == null ? {} : { acknowledgedBy: a.acknowledgedBy }),
      ...(a.incidentId == null ? {} : { incidentId: a.incidentId }),
    }))
    .sort(
      (a, b) =>
        weight(a) - weight(b) ||
        b.startsAtMs - a.startsAtMs ||
        (a.fingerprint < b.fingerprint ? -1 : 1),
    );
}

/** In the order of the pipeline's stages. */
function holderOf(a: {
  readonly silencedBy: readonly string[];
  readonly maintenanceBy: readonly string[];
}): NonNullable<LiveAlert["heldBy"]> {
  if (a.silencedBy.length > 0) return "silence";
  return a.maintenanceBy.length > 0 ? "maintenance" : "inhibition";
}

function weight(alert: LiveAlert): number {
  return WEIGHT[alert.labels["severity"] ?? ""] ?? 5;
}
