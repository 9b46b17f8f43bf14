import type { Matcher } from "../matcher-lines";
import type { Occurrence, Schedule, Times } from "../when-form";
import { getJson, send } from "./client";

export interface MaintenanceWindow {
  readonly id: string;
  readonly name: string;
  readonly state: "active" | "pending" | "ended" | "cancelled";
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly schedule?: Schedule;
  readonly occurrence?: Occurrence;
  readonly next?: Occurrence;
  readonly comment: string;
  readonly notify?: string;
  readonly createdBy: string;
}

export interface NewWindow extends Times {
  readonly name: string;
  readonly matchers: readonly Matcher[];
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

/** Changes a window that is not over. */
export async function changeWindow(id: string, window: NewWindow): Promise<void> {
  await send("PUT", `/api/v1/maintenance-windows/${encodeURIComponent(id)}`, window);
}

export async function cancelWindow(id: string): Promise<void> {
  await send("DELETE", `/api/v1/maintenance-windows/${encodeURIComponent(id)}`);
}
