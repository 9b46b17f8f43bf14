import type { Matcher } from "../matcher-lines";
import type { Occurrence, Schedule, Times } from "../when-form";
import { getJson, send } from "./client";

/** In the fields of Alertmanager's API. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  /** Where it recurs: the stretch that holds, and the next. */
  readonly schedule?: Schedule;
  readonly occurrence?: Occurrence;
  readonly next?: Occurrence;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly updatedAt: string;
  readonly status: { readonly state: "active" | "pending" | "expired" };
}

export interface NewSilence extends Times {
  /** Of the silence to change; absent for a new one. */
  readonly id?: string;
  readonly matchers: readonly Matcher[];
  readonly comment: string;
  /** Whoever is logged in unless given. */
  readonly createdBy?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Makes a silence or changes one; where Alertmanager would, a new one takes the place of the former. */
export async function putSilence(silence: NewSilence): Promise<void> {
  await send("POST", "/api/v1/silences", silence);
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
