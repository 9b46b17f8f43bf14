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
  /** Where it recurs: the stretch that holds, and the next. */
  readonly schedule?: unknown;
  readonly occurrence?: Occurrence;
  readonly next?: Occurrence;
  readonly createdBy: string;
  readonly comment: string;
  readonly status: { readonly state: "active" | "pending" | "expired" };
}

export interface Occurrence {
  readonly startsAt: string;
  readonly endsAt: string;
}

/** When something is to hold: a start and an end, or a schedule. */
export interface Times {
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly schedule?: {
    readonly intervals: readonly {
      readonly weekdays: readonly string[];
      readonly times: readonly { readonly start_time: string; readonly end_time: string }[];
      readonly location: string;
    }[];
  };
}

export interface NewSilence extends Times {
  readonly matchers: Silence["matchers"];
  readonly comment: string;
}

export async function makeSilence(silence: NewSilence): Promise<void> {
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
