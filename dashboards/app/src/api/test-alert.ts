import { getJson, send } from "./client";
import type { NotificationEntry } from "./notifications";

interface Stage {
  readonly stage: string;
  readonly pass: boolean;
  readonly reason: string | null;
  readonly by: readonly string[];
}

/** POST /api/v1/alerts/test: what the chain makes of it. */
export interface Explained {
  readonly routes: readonly {
    readonly route: string;
    readonly path: string;
    readonly receiver: string;
    readonly stages: readonly Stage[];
    readonly group: { readonly key: string; readonly nextFlushMs: number };
    readonly integrations: readonly { readonly integration: string }[];
  }[];
}

/** GET /api/v1/alerts/test/<id>: with the messages that came of it. */
export interface TestAlert extends Explained {
  readonly status: "firing" | "resolved";
  readonly notifications: readonly NotificationEntry[];
}

export async function sendTestAlert(
  labels: Readonly<Record<string, string>>,
): Promise<Explained & { readonly id: string }> {
  const answer = await send<Explained & { readonly id: string }>("POST", "/api/v1/alerts/test", {
    labels,
  });
  if (answer === undefined) throw new Error("the test gave no answer");
  return answer;
}

export function getTestAlert(id: string, signal?: AbortSignal): Promise<TestAlert> {
  return getJson<TestAlert>(`/api/v1/alerts/test/${encodeURIComponent(id)}`, signal);
}
