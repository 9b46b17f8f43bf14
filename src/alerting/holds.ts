import { compareStrings } from "../core/labels";
import { type HoldIndex, holdersOf, indexWindows } from "./hold-index";
import type { Outcome, RouterState, ToldEntry } from "./state";

/**
 * Tells incidents that maintenance windows hold their escalation, or do so no longer: one is held while each
 * of its alerts that fires is inside a window.
 */
export function holdIncidents(state: RouterState, nowMs: number, out: Outcome): void {
  let index: HoldIndex | undefined;
  for (const told of state.told.values()) {
    if (told.incidentId === undefined) continue;
    const { incidentId, heldBy, ...rest } = told;
    index ??= indexWindows(state.windows.values(), nowMs);
    const by = holding(state, told, index);
    if (by.join(" ") === (heldBy ?? []).join(" ")) continue;
    const next: ToldEntry = { ...rest, incidentId, ...(by.length === 0 ? {} : { heldBy: by }) };
    state.told.set(told.key, next);
    state.dirty.told.add(told.key);
    out.intents.push({
      kind: "hold",
      id: `hold-${incidentId}-${nowMs.toString(36)}`,
      // A group key ends with its label set; what follows is the integration.
      integrationId: told.key.slice(told.key.lastIndexOf("} ") + 2),
      incidentId,
      windows: by.map((id) => state.windows.get(id)?.name ?? id),
    });
  }
}

/** Ids of the windows that together hold every firing alert of an incident; none where one is outside. */
function holding(state: RouterState, told: ToldEntry, index: HoldIndex): readonly string[] {
  const windows = new Set<string>();
  let firing = 0;
  for (const f of told.firing) {
    const alert = state.alerts.get(f);
    if (alert?.status !== "firing") continue;
    firing++;
    const by = holdersOf(index, alert.labels);
    if (by.length === 0) return [];
    for (const id of by) windows.add(id);
  }
  // None fires: it is about to be told that it is over, and must not escalate in between.
  if (firing === 0) return told.heldBy ?? [];
  return [...windows].sort(compareStrings);
}
