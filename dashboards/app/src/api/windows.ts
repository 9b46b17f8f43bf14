import { getJson, send } from "./client";
import type { Occurrence, Silence, Times } from "./silences";

export interface MaintenanceWindow {
  readonly id: string;
  readonly name: string;
  readonly state: "active" | "pending" | "ended" | "cancelled";
  readonly matchers: Silence["matchers"];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly schedule?: unknown;
  readonly occurrence?: Occurrence;
  readonly next?: Occurrence;
  readonly comment: string;
  readonly notify?: string;
  readonly createdBy: string;
}

export interface NewWindow extends Times {
  readonly name: string;
  readonly matchers: Silence["matchers"];
  readonly comment: string;
  /** The receiver that is told of starts and ends. */
  readonly notify?: string;
}

export async function listWindows(signal?: AbortSignal): Promise<readonly MaintenanceWindow[]> {
  return (
    await getJson<{ readonly windows: readonly MaintenanceWindow[] }>(
      "/api/v1/maintenance-windows",
      signal,
    )
  ).windows;
}

export async function makeWindow(window: NewWindow): Promise<void> {
  await send("POST", "/api/v1/maintenance-windows", window);
}

export async function cancelWindow(id: string): Promise<void> {
  await send("DELETE", `/api/v1/maintenance-windows/${encodeURIComponent(id)}`);
}
