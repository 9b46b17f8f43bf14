import type { EventDraft } from "../../core/events";
import { type Result, err, ok } from "../../core/result";
import { isObject } from "../native-events/fields";
import { type RejectedEvent, parseEvent } from "../native-events/parse";

export const BEACON_LIMITS = {
  /** What navigator.sendBeacon keeps in flight (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch). */
  bodyBytes: 64 * 1024,
  events: 100,
  /** Older events are no page's: anybody may use a beacon's key. */
  ageMs: 86_400_000,
} as const;

/** A browser's clock that differs less is believed, so that a repeated beacon carries the same times. */
const TRUSTED_SKEW_MS = 60_000;

export interface ParsedBeacon {
  readonly drafts: readonly { readonly index: number; readonly draft: EventDraft }[];
  readonly rejected: readonly RejectedEvent[];
}

export interface BeaconFault {
  readonly code: "beacon_malformed" | "too_many_events";
  readonly message: string;
}

/**
 * What sdk/beacon sends (docs/formats/events.md): `{s, e: [{i, n, t, u, r, d, p}]}`, the time of sending and of each
 * event its id, name, time, address, referrer, user and properties.
 */
export function parseBeacon(json: unknown, nowMs: number): Result<ParsedBeacon, BeaconFault> {
  if (!isObject(json) || !Array.isArray(json["e"]))
    return err({
      code: "beacon_malformed",
      message: "expected an object with a list of events, e",
    });
  const list: readonly unknown[] = json["e"];
  if (list.length > BEACON_LIMITS.events)
    return err({
      code: "too_many_events",
      message: `${list.length} events in one beacon; the limit is ${BEACON_LIMITS.events}`,
    });
  const correction = clockCorrection(json["s"], nowMs);
  const drafts: { index: number; draft: EventDraft }[] = [];
  const rejected: RejectedEvent[] = [];
  for (const [index, item] of list.entries()) {
    const one = parseEvent(isObject(item) ? spelledOut(item, correction, nowMs) : item, nowMs);
    if (!one.ok) rejected.push({ index, ...one.error });
    else if ((one.value.timeMs ?? nowMs) < nowMs - BEACON_LIMITS.ageMs)
      rejected.push({
        index,
        reason: "timestamp_too_old",
        detail: "the time is more than a day ago",
      });
    // Whoever sends a beacon speaks for nobody else's address, browser or country.
    else drafts.push({ index, draft: { ...one.value, ip: "", userAgent: "", country: "" } });
  }
  return ok({ drafts, rejected });
}

/** What to add to the browser's times; 0 where its clock is about right. */
function clockCorrection(sentAt: unknown, nowMs: number): number {
  if (typeof sentAt !== "number" || !Number.isFinite(sentAt)) return 0;
  const skew = nowMs - sentAt;
  return Math.abs(skew) <= TRUSTED_SKEW_MS ? 0 : skew;
}

function spelledOut(
  item: Readonly<Record<string, unknown>>,
  correction: number,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { i, n, t, u, r, d, p } = item;
  // Never without a time: looking for repeats among a person's day is not for whoever has a public key.
  const time =
    typeof t === "number" ? Math.min(t + correction, nowMs + TRUSTED_SKEW_MS) : (t ?? nowMs);
  return { event: n, id: i, timestamp: time, url: u, referrer: r, user_id: d, properties: p };
}
