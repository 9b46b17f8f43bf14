import type { ActiveAlert, AlertGroupView, RoutedAlert } from "./model";
import { inhibitedBy } from "./inhibition";
import { routeOf } from "./grouping";
import { inhibitionOf } from "./pipeline";
import { matchRoutes } from "./routing";
import { silencedBy } from "./silences";
import type { RouterSettings, RouterState } from "./state";

/** Every alert as it stands now, the newest first. */
export function activeAlerts(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
): ActiveAlert[] {
  const incidents = incidentsByAlert(state);
  return [...state.alerts.values()]
    .sort((a, b) => b.startsAtMs - a.startsAtMs || (a.fingerprint < b.fingerprint ? -1 : 1))
    .map((a) => activeAlert(a, state, settings, incidents, nowMs));
}

export function groupViews(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
): AlertGroupView[] {
  const incidents = incidentsByAlert(state);
  return [...state.groups.values()].map((g) => ({
    key: g.key,
    receiver: routeOf(settings.config, g).receiver,
    labels: g.labels,
    nextFlushMs: g.nextFlushMs,
    alerts: [...g.members]
      .flatMap((f) => state.alerts.get(f) ?? [])
      .map((a) => activeAlert(a, state, settings, incidents, nowMs)),
  }));
}

function activeAlert(
  a: RoutedAlert,
  state: RouterState,
  settings: RouterSettings,
  incidents: ReadonlyMap<string, string>,
  nowMs: number,
): ActiveAlert {
  const silences = silencedBy(state.silences.values(), a.labels, nowMs);
  const inhibitors = inhibitedBy(inhibitionOf({ state, config: settings.config, nowMs }), a.labels);
  const suppressed = silences.length + inhibitors.length > 0;
  const incidentId = incidents.get(a.fingerprint);
  return {
    fingerprint: a.fingerprint,
    source: a.source,
    labels: a.labels,
    annotations: a.annotations,
    status: a.status === "resolved" ? "resolved" : suppressed ? "suppressed" : "firing",
    silencedBy: silences,
    inhibitedBy: inhibitors,
    startsAtMs: a.startsAtMs,
    endsAtMs: a.endsAtMs,
    updatedAtMs: a.updatedAtMs,
    generatorUrl: a.generatorUrl,
    value: Number.isFinite(a.value) ? a.value : null,
    receivers: [...new Set(matchRoutes(settings.config.route, a.labels).map((r) => r.receiver))],
    ...(a.heldBackUntilMs === undefined || a.heldBackUntilMs <= nowMs
      ? {}
      : { heldBackUntilMs: a.heldBackUntilMs }),
    ...(a.acknowledgedBy === undefined ? {} : { acknowledgedBy: a.acknowledgedBy }),
    ...(incidentId === undefined ? {} : { incidentId }),
  };
}

function incidentsByAlert(state: RouterState): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const told of state.told.values())
    if (told.incidentId !== undefined) for (const f of told.firing) out.set(f, told.incidentId);
  return out;
}
