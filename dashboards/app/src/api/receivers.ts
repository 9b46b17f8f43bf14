import { getJson, send } from "./client";

/** How an integration that sends fares. */
export interface DeliveryHealth {
  readonly failing_since: string | null;
  readonly failures: number;
  readonly lost: number;
  readonly last_error: string | null;
  readonly waiting: number;
  readonly oldest_waiting_at: string | null;
}

export interface Integration {
  readonly id: string;
  readonly type: string;
  readonly send_resolved: boolean;
  /** Null of those that send nothing outside, and where it is not known. */
  readonly delivery: DeliveryHealth | null;
}

/** GET /api/v1/receivers */
export interface Receiver {
  readonly name: string;
  readonly integrations: readonly Integration[];
}

export async function listReceivers(signal?: AbortSignal): Promise<readonly Receiver[]> {
  return (await getJson<{ readonly receivers: readonly Receiver[] }>("/api/v1/receivers", signal))
    .receivers;
}

/** A message to each integration of the receiver, past routes and silences. */
export async function testReceiver(name: string): Promise<void> {
  await send("POST", `/api/v1/receivers/${encodeURIComponent(name)}/test`);
}
