import { getJson, send } from "./client";

/** GET /api/v1/heartbeats; the address only for who may change them. */
export interface Heartbeat {
  readonly name: string;
  readonly status: string;
  readonly every?: string;
  readonly cron?: string;
  readonly time_zone?: string;
  readonly grace: string;
  /** How long a run may take. */
  readonly max_run?: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
  /** A file's are put back as they were when it is applied again. */
  readonly origin: "api" | "config";
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
  readonly max_run?: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

export async function listHeartbeats(signal?: AbortSignal): Promise<readonly Heartbeat[]> {
  return (
    await getJson<{ readonly heartbeats: readonly Heartbeat[] }>("/api/v1/heartbeats", signal)
  ).heartbeats;
}

/** Makes a heartbeat, or changes the one of that name. */
export async function putHeartbeat(heartbeat: NewHeartbeat): Promise<void> {
  await send("POST", "/api/v1/heartbeats", heartbeat);
}

export async function removeHeartbeat(name: string): Promise<void> {
  await send("DELETE", `/api/v1/heartbeats/${encodeURIComponent(name)}`);
}

/** Gives it another address, which is returned; the former one is good for nothing at once. */
export async function replaceKey(name: string): Promise<string> {
  const path = `/api/v1/heartbeats/${encodeURIComponent(name)}/key`;
  const answer = await send<{ readonly ping_url: string }>("POST", path);
  if (answer === undefined) throw new Error("the new address did not come");
  return answer.ping_url;
}
