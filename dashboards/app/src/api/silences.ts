import { getJson, send } from "./client";

/** In the fields of Alertmanager's API. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly {
    readonly name: string;
    readonly value: string;
    readonly isRegex: boolean;
    readonly isEqual: boolean;
  }[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly status: { readonly state: "active" | "pending" | "expired" };
}

export async function listSilences(signal?: AbortSignal): Promise<readonly Silence[]> {
  return (await getJson<{ readonly silences: readonly Silence[] }>("/api/v1/silences", signal))
    .silences;
}

/** Silences alerts with exactly these labels from now on. */
export async function silenceLabels(
  labels: Readonly<Record<string, string>>,
  hours: number,
  comment: string,
): Promise<void> {
  const now = Date.now();
  await send("POST", "/api/v1/silences", {
    matchers: Object.entries(labels).map(([name, value]) => ({
      name,
      value,
      isRegex: false,
      isEqual: true,
    })),
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + hours * 3_600_000).toISOString(),
    comment,
  });
}

export async function expireSilence(id: string): Promise<void> {
  await send("DELETE", `/api/v1/silences/${encodeURIComponent(id)}`);
}
