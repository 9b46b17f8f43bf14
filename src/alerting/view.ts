import type { ActiveAlert, AlertGroupView, RoutedAlert } from "./model";
import { heldBackUntilMs } from "./cooldown";
import { reportedStatus } from "./flap";
import { inhibitedBy } from "./inhibition";
import { receiversOf, routeOf } from "./grouping";
import { inhibitionOf } from "./pipeline";
import { type HoldIndex, holdersOf, indexSilences, indexWindows } from "./hold-index";
import { type RouterSettings, type RouterState, receiverByName } from "./state";

/** Every alert as it stands now, the newest first. */
export function activeAlerts(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
): ActiveAlert[] {
  const known = knownByAlert(state, nowMs);
  return [...state.alerts.values()]
    .sort((a, b) => b.startsAtMs - a.startsAtMs || (a.fingerprint < b.fingerprint ? -1 : 1))
    .map((a) => activeAlert(a, state, settings, known, nowMs));
}

export function groupViews(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
): AlertGroupView[] {
  const known = knownByAlert(state, nowMs);
  return [...state.groups.values()].map((g) => ({
    key: g.key,
    receiver: routeOf(settings.config, g).receiver,
    labels: g.labels,
    nextFlushMs: g.nextFlushMs,
    alerts: [...g.members]
      .flatMap((f) => state.alerts.get(f) ?? [])
      .map((a) => activeAlert(a, state, settings, known, nowMs)),
  }));
}

function activeAlert(
  a: RoutedAlert,
  state: RouterState,
  settings: RouterSettings,
  known: Known,
  nowMs: number,
): ActiveAlert {
  const silences = holdersOf(known.silences, a.labels);
  const inhibitors = inhibitedBy(inhibitionOf({ state, config: settings.config }), a.labels);
  const windows = holdersOf(known.windows, a.labels);
  const suppressed = silences.length + inhibitors.length + windows.length > 0;
  const incidentId = known.incidents.get(a.fingerprint);
  const receivers = [...new Set(receiversOf(state, settings.config, a.labels))];
  const heldMs = heldBackUntilMs(state, integrationsOf(settings, receivers), a, nowMs);
  return {
    fingerprint: a.fingerprint,
    source: a.source,
    labels: a.labels,
    annotations: a.annotations,
    status: a.status === "resolved" ? "resolved" : suppressed ? "suppressed" : "firing",
    silencedBy: silences,
    inhibitedBy: inhibitors,
    maintenanceBy: windows,
    startsAtMs: a.startsAtMs,
    endsAtMs: a.endsAtMs,
    updatedAtMs: a.updatedAtMs,
    generatorUrl: a.generatorUrl,
    value: Number.isFinite(a.value) ? a.value : null,
    receivers,
    ...(heldMs === undefined ? {} : { heldBackUntilMs: heldMs }),
    ...(a.flapping === undefined
      ? {}
      : { flapping: { ...a.flapping, reported: reportedStatus(state, a) } }),
    ...(a.acknowledgedBy === undefined ? {} : { acknowledgedBy: a.acknowledgedBy }),
    ...(incidentId === undefined ? {} : { incidentId }),
  };
}

/** What integrations know, by alert, and which silences and windows hold; gathered once for all of them. */
interface Known {
  readonly silences: HoldIndex;
  readonly windows: HoldIndex;
  readonly incidents: ReadonlyMap<string, string>;
}

function knownByAlert(state: RouterState, nowMs: number): Known {
  const incidents = new Map<string, string>();
  for (const told of state.told.values())
    if (told.incidentId !== undefined)
      for (const f of told.firing) incidents.set(f, told.incidentId);
  return {
    silences: indexSilences(state.silences.values(), nowMs),
    windows: indexWindows(state.windows.values(), nowMs),
    incidents,
  };
}

function integrationsOf(settings: RouterSettings, receivers: readonly string[]): readonly string[] {
  return receivers.flatMap((name) =>
    (receiverByName(settings.config, name)?.integrations ?? []).map((i) => i.id),
  );
}
