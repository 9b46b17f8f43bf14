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

/** What a silence of some of an alert's labels holds. */
export interface AlertSilence {
  readonly alerts: readonly { readonly fingerprint: string }[];
}

/** Silences what has the same values of an alert's labels; as a preview it only says what that would hold. */
export async function silenceAlert(
  asked: {
    readonly fingerprint: string;
    readonly labels: readonly string[];
    readonly duration: string;
    readonly comment: string;
  },
  preview: boolean,
): Promise<AlertSilence> {
  const { fingerprint, ...body } = asked;
  const path = `/api/v1/alerts/${encodeURIComponent(fingerprint)}/silence${preview ? "?preview=1" : ""}`;
  const answer = await send<AlertSilence>("POST", path, body);
  if (answer === undefined) throw new Error("the silence gave no answer");
  return answer;
}

export async function expireSilence(id: string): Promise<void> {
  await send("DELETE", `/api/v1/silences/${encodeURIComponent(id)}`);
}
