import type { Command, Incident } from "../../../../src/incidents/model";
import { getJson, send } from "./client";

export type { Command, Incident } from "../../../../src/incidents/model";

/** Newest first. */
export async function listIncidents(signal?: AbortSignal): Promise<readonly Incident[]> {
  return (
    await getJson<{ readonly incidents: readonly Incident[] }>(
      "/api/v1/incidents?limit=200",
      signal,
    )
  ).incidents;
}

export function getIncident(id: string, signal?: AbortSignal): Promise<Incident> {
  return getJson<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`, signal);
}

/** Does something to an incident in the name of the session. */
export async function commandIncident(id: string, command: Command): Promise<void> {
  const { do: verb, ...body } = command;
  await send("POST", `/api/v1/incidents/${encodeURIComponent(id)}/${verb}`, body);
}
