import { getJson, send } from "./client";
import type { Silence } from "./silences";

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
  readonly createdBy: string;
}

interface Occurrence {
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface NewWindow {
  readonly name: string;
  readonly matchers: Silence["matchers"];
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly schedule?: {
    readonly intervals: readonly {
      readonly weekdays: readonly string[];
      readonly times: readonly { readonly start_time: string; readonly end_time: string }[];
      readonly location: string;
    }[];
  };
  readonly comment: string;
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
