import { getJson, send } from "./client";

/** GET /api/v1/heartbeats; the address only for who may change them. */
export interface Heartbeat {
  readonly name: string;
  readonly status: string;
  readonly every?: string;
  readonly cron?: string;
  readonly time_zone?: string;
  readonly grace: string;
  readonly severity: string;
  readonly paused: boolean;
  readonly last_success_ms: number | null;
  readonly expected_ms: number | null;
  readonly missing: { readonly since_ms: number; readonly reason: string } | null;
  readonly pings: readonly {
    readonly at_ms: number;
    readonly kind: string;
    readonly exit_code: number | null;
    readonly note: string | null;
  }[];
  readonly ping_url?: string;
}

export interface NewHeartbeat {
  readonly name: string;
  readonly every?: string;
  readonly cron?: string;
  readonly time_zone?: string;
  readonly grace: string;
  readonly severity: string;
}

export async function listHeartbeats(signal?: AbortSignal): Promise<readonly Heartbeat[]> {
  return (
    await getJson<{ readonly heartbeats: readonly Heartbeat[] }>("/api/v1/heartbeats", signal)
  ).heartbeats;
}

export async function makeHeartbeat(heartbeat: NewHeartbeat): Promise<void> {
  await send("POST", "/api/v1/heartbeats", heartbeat);
}

export async function removeHeartbeat(name: string): Promise<void> {
  await send("DELETE", `/api/v1/heartbeats/${encodeURIComponent(name)}`);
}
