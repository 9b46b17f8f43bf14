import {
  type Group,
  type Outcome,
  type RouterSettings,
  type RouterState,
  type ToldEntry,
  receiverByName,
  toldKey,
} from "./state";
import { routeOf } from "./grouping";

/**
 * After groups have formed anew: an incident whose group is no more goes on with the group that
 * has its alerts now. Where no route leads them to an incident, it ends: nothing would end it later.
 */
export function moveIncidents(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
  out: Outcome,
): void {
  const groups = incidentGroups(state, settings);
  for (const [key, told] of state.told) {
    if (told.incidentId === undefined || groups.has(key)) continue;
    const heir = [...groups].find(
      ([k, group]) =>
        state.told.get(k)?.incidentId === undefined &&
        told.firing.some((f) => group.members.has(f)),
    );
    state.told.delete(key);
    state.dirty.told.add(key);
    if (heir === undefined) {
      end(state, settings, told, told.incidentId, nowMs, out);
      continue;
    }
    const [newKey, group] = heir;
    const firing = told.firing.filter((f) => group.members.has(f));
    state.told.set(newKey, { ...told, key: newKey, firing, resolved: [] });
    state.dirty.told.add(newKey);
  }
}

/** Groups whose receiver opens incidents, by the key under which that is noted. */
function incidentGroups(state: RouterState, settings: RouterSettings): Map<string, Group> {
  const out = new Map<string, Group>();
  for (const group of state.groups.values()) {
    const { receiver } = routeOf(settings.config, group);
    for (const i of receiverByName(settings.config, receiver)?.integrations ?? [])
      if (i.type === "incident") out.set(toldKey(group.key, i.id), group);
  }
  return out;
}

function end(
  state: RouterState,
  settings: RouterSettings,
  told: ToldEntry,
  incidentId: string,
  nowMs: number,
  out: Outcome,
): void {
  // A group key ends with its label set, so that what follows is the integration: its lane keeps the order.
  const at = told.key.lastIndexOf("} ") + 1;
  const integrationId = told.key.slice(at + 1);
  out.intents.push({
    kind: "incident",
    id: `moved-${incidentId}-${nowMs.toString(36)}`,
    integrationId,
    toldKey: told.key,
    opens: false,
    change: {
      incidentId,
      projectId: settings.projectId,
      groupKey: told.key.slice(0, at),
      receiver: integrationId.split("/")[0] ?? "",
      groupLabels: {},
      commonLabels: {},
      commonAnnotations: {},
      alerts: told.firing
        .flatMap((f) => state.alerts.get(f) ?? [])
        .map((a) => ({
          labels: a.labels,
          annotations: a.annotations,
          status: "resolved",
          startsAtMs: a.startsAtMs,
          fingerprint: a.fingerprint,
        })),
    },
  });
}
