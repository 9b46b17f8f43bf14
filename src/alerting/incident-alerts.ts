import { labelOf } from "../core/alerts";
import type { IncidentAlerts } from "../core/objects";
import { jsonBytes } from "../core/stored-size";
import type { RoutedAlert } from "./model";
import { common, withinBytes } from "./notification-data";
import type { Snapshot } from "./snapshot";

/** Of what an incident is told at once, in bytes: it lists some hundred alerts, and the row that the message waits in ends at 2 MB. */
const MAX_BYTES = 1_000_000;
/** Fingerprint, status, time and the names of the fields. */
const FIXED_BYTES = 120;

/** What an incident is told of its group: every alert, or as many as have room. `known`: the fingerprints that it was told of. */
export function incidentAlerts(
  projectId: string,
  { group, route }: Pick<Snapshot, "group" | "route">,
  incidentId: string,
  alerts: readonly RoutedAlert[],
  known: ReadonlySet<string>,
): IncidentAlerts {
  const told = withRoom(alerts, known);
  return {
    incidentId,
    projectId,
    groupKey: group.key,
    receiver: route.receiver,
    groupLabels: withinBytes(group.labels),
    commonLabels: withinBytes(common(alerts.map((a) => a.labels))),
    commonAnnotations: withinBytes(common(alerts.map((a) => a.annotations))),
    alerts: told.map((a) => ({
      labels: a.labels,
      annotations: a.annotations,
      status: a.status,
      startsAtMs: a.startsAtMs,
      fingerprint: a.fingerprint,
    })),
    ...(told.length === alerts.length ? {} : { total: alerts.length }),
  };
}

/**
 * The alerts that have room. Of each severity one that fires comes first, since the incident takes its own from the worst and
 * ends where none fires; then what it knows to fire and is over, then the others.
 */
function withRoom(
  alerts: readonly RoutedAlert[],
  known: ReadonlySet<string>,
): readonly RoutedAlert[] {
  const size = (a: RoutedAlert): number => jsonBytes([a.labels, a.annotations]) + FIXED_BYTES;
  if (alerts.reduce((n, a) => n + size(a), 0) <= MAX_BYTES) return alerts;
  const firing = alerts.filter((a) => a.status === "firing");
  const bySeverity = new Map(firing.map((a) => [labelOf(a.labels, "severity"), a]));
  const first = new Set(bySeverity.values());
  const over = alerts.filter((a) => a.status === "resolved" && known.has(a.fingerprint));
  let left = MAX_BYTES;
  return [...new Set([...first, ...over, ...alerts])].filter((a) => (left -= size(a)) >= 0);
}
