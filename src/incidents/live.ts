import type { LiveIncident } from "../core/live";
import type { Incident } from "./model";

/** What the live page shows of an incident. */
export function liveIncident(i: Incident): LiveIncident {
  return {
    id: i.id,
    title: i.title,
    severity: i.severity,
    status: i.status,
    openedAtMs: i.openedAtMs,
    ...(i.assignee === undefined ? {} : { assignee: i.assignee }),
  };
}
