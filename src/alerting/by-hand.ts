import { type StringMap, labelOf } from "../core/alerts";
import type { Matcher } from "../core/matchers";
import { dismiss } from "./dismiss";
import { fnv64 } from "./fingerprint";
import { routeOf } from "./grouping";
import type { RoutedAlert, Silence } from "./model";
import { common } from "./notification-data";
import { changeOf } from "./alert-changes";
import { acknowledge } from "./router";
import { renderRouteMatchers } from "./routing";
import { type SilenceInput, type SilenceRefusal, putSilence } from "./silence-input";
import { silenceState } from "./silences";
import type { Group, Outcome, RouterSettings, RouterState } from "./state";

/** A group of alerts as a message told of it (core/signed-link LinkClaims). */
export interface GroupAddress {
  readonly receiver: string;
  /** Hash of the group's key. */
  readonly group: string;
  readonly groupLabels?: StringMap;
  readonly fingerprints: readonly string[];
}

/** What a group address stands for now. */
export interface Addressed {
  /** Those that fire. */
  readonly alerts: readonly RoutedAlert[];
  readonly groupLabels: StringMap;
  /** Incidents that stand for the group's firing. */
  readonly incidents: readonly string[];
}

/** The firing alerts of the group; where there is no such group any more, those of the message that fire. */
export function addressed(
  state: RouterState,
  settings: RouterSettings,
  to: GroupAddress,
): Addressed {
  const groups = [...state.groups.values()].filter(
    (g) => fnv64(g.key) === to.group && routeOf(settings.config, g).receiver === to.receiver,
  );
  // An escalation is told by another receiver than the group's own.
  const found = groups.length > 0 ? groups : ofAnyReceiver(state, to.group);
  const members = found.length > 0 ? found.flatMap((g) => [...g.members]) : to.fingerprints;
  const alerts = [...new Set(members)]
    .flatMap((f) => state.alerts.get(f) ?? [])
    .filter((a) => a.status === "firing");
  const keys = new Set(found.map((g) => g.key));
  return {
    alerts,
    groupLabels: found[0]?.labels ?? to.groupLabels ?? {},
    incidents: incidentsOf(state, keys, new Set(alerts.map((a) => a.fingerprint))),
  };
}

function ofAnyReceiver(state: RouterState, hash: string): Group[] {
  return [...state.groups.values()].filter((g) => fnv64(g.key) === hash);
}

function incidentsOf(
  state: RouterState,
  groupKeys: ReadonlySet<string>,
  fingerprints: ReadonlySet<string>,
): string[] {
  const out = new Set<string>();
  for (const told of state.told.values()) {
    if (told.incidentId === undefined) continue;
    const ofGroup = [...groupKeys].some((k) => told.key.startsWith(`${k} `));
    if (ofGroup || (groupKeys.size === 0 && told.firing.some((f) => fingerprints.has(f))))
      out.add(told.incidentId);
  }
  return [...out];
}

/** Takes alerts in hand for a person; gives the fingerprints of those that fire. */
export function acknowledgeAll(
  state: RouterState,
  fingerprints: readonly string[],
  by: string,
  nowMs: number,
  out: Outcome,
): string[] {
  return fingerprints.filter((f) => {
    if (!acknowledge(state, f, by, nowMs)) return false;
    const alert = state.alerts.get(f);
    if (alert !== undefined)
      out.changes.push({ ...changeOf(alert), acknowledgedBy: by, acknowledgedAtMs: nowMs });
    return true;
  });
}

/** Ends alerts for a person; gives the fingerprints of those that fired. */
export function dismissAll(
  state: RouterState,
  fingerprints: readonly string[],
  by: string,
  nowMs: number,
  out: Outcome,
): string[] {
  return fingerprints.filter((f) => dismiss(state, f, by, nowMs, out));
}

/**
 * What a silence of the group matches: its labels; of a group without labels what its alerts have in
 * common; undefined where that is nothing, because such a silence would hold everything.
 */
export function silenceMatchers(to: Addressed): readonly Matcher[] | undefined {
  const shared = common(to.alerts.map((a) => a.labels));
  const labels = Object.keys(to.groupLabels).length > 0 ? to.groupLabels : shared;
  const matchers = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]): Matcher => ({ type: "=", name, value }));
  return matchers.length > 0 ? matchers : undefined;
}

/** The silence of these matchers that the same hand made and that still holds. */
function ownSilence(
  state: RouterState,
  matchers: readonly Matcher[],
  by: string,
  nowMs: number,
): Silence | undefined {
  const wanted = renderRouteMatchers(matchers);
  return [...state.silences.values()].find(
    (s) =>
      s.createdBy === by &&
      s.schedule === undefined &&
      silenceState(s, nowMs) === "active" &&
      renderRouteMatchers(s.matchers) === wanted,
  );
}

/** One alert as the page behind a link shows it. */
export interface ShownAlert {
  readonly fingerprint: string;
  readonly name: string;
  readonly labels: StringMap;
  readonly summary: string;
  readonly startsAtMs: number;
  readonly acknowledgedBy?: string;
}

export function shownAlert(a: RoutedAlert): ShownAlert {
  return {
    fingerprint: a.fingerprint,
    name: labelOf(a.labels, "alertname"),
    labels: a.labels,
    summary: labelOf(a.annotations, "summary") || labelOf(a.annotations, "description"),
    startsAtMs: a.startsAtMs,
    ...(a.acknowledgedBy === undefined ? {} : { acknowledgedBy: a.acknowledgedBy }),
  };
}

export type HandAction =
  /** Only says what there is. */
  | { readonly do: "look" }
  | { readonly do: "acknowledge" }
  | { readonly do: "resolve" }
  | { readonly do: "silence"; readonly forMs: number };

/** What somebody does to a group from outside; travels as JSON. */
export interface HandRequest {
  readonly to: GroupAddress;
  readonly action: HandAction;
  /** Who: the history and the silence name him. */
  readonly by: string;
}

export interface HandAnswer {
  /** That fired when it was asked. */
  readonly alerts: readonly ShownAlert[];
  readonly groupLabels: StringMap;
  readonly incidents: readonly string[];
  readonly outcome:
    | { readonly did: "nothing"; readonly reason: "looked" | "nothing_fires" | "nothing_to_match" }
    | { readonly did: "refused"; readonly reason: SilenceRefusal["reason"] }
    | { readonly did: "acknowledged" | "resolved"; readonly alerts: number }
    | { readonly did: "silenced"; readonly silence: Silence };
}

/** Does what a person asks of a group of alerts, or says why nothing was done. */
export function byHand(
  state: RouterState,
  settings: RouterSettings,
  { to, action, by }: HandRequest,
  newId: string,
  nowMs: number,
  out: Outcome,
): HandAnswer {
  const found = addressed(state, settings, to);
  const fingerprints = found.alerts.map((a) => a.fingerprint);
  const answer = (outcome: HandAnswer["outcome"]): HandAnswer => ({
    alerts: shown,
    groupLabels: found.groupLabels,
    incidents: found.incidents,
    outcome,
  });
  const shown = found.alerts.map(shownAlert);
  if (action.do === "look") return answer({ did: "nothing", reason: "looked" });
  if (found.alerts.length === 0) return answer({ did: "nothing", reason: "nothing_fires" });
  switch (action.do) {
    case "acknowledge": {
      const taken = acknowledgeAll(state, fingerprints, by, nowMs, out);
      return answer({ did: "acknowledged", alerts: taken.length });
    }
    case "resolve": {
      const ended = dismissAll(state, fingerprints, by, nowMs, out);
      return answer({ did: "resolved", alerts: ended.length });
    }
    case "silence": {
      const matchers = silenceMatchers(found);
      if (matchers === undefined) return answer({ did: "nothing", reason: "nothing_to_match" });
      // Pressed again, the link's silence lasts longer: no link makes any number of them.
      const before = ownSilence(state, matchers, by, nowMs);
      const input: SilenceInput = {
        id: before?.id,
        matchers,
        startsAtMs: before?.startsAtMs ?? nowMs,
        endsAtMs: Math.max(before?.endsAtMs ?? 0, nowMs + action.forMs),
        createdBy: by,
        comment: "Made by a link in a message.",
      };
      const made = putSilence(state, input, newId, nowMs);
      return answer(
        made.ok
          ? { did: "silenced", silence: made.value }
          : { did: "refused", reason: made.error.reason },
      );
    }
  }
}
