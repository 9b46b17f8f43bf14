import type { EventDraft } from "../../core/events";
import { nestsDeeperThan } from "../../core/json-depth";
import { type Result, err, ok } from "../../core/result";
import { type Claim, claimFields, isObject } from "./fields";
import { EVENT_LIMITS } from "./limits";

export type EventRejection =
  | "not_an_object"
  | "name_missing"
  | "name_too_long"
  | "id_malformed"
  | "timestamp_malformed"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "properties_malformed"
  | "nested_too_deeply"
  | "event_too_large";

export interface RejectedEvent {
  /** Place in the request, from 0. */
  readonly index: number;
  readonly reason: EventRejection;
  readonly detail: string;
}

export interface ParsedEvents {
  readonly drafts: readonly { readonly index: number; readonly draft: EventDraft }[];
  readonly rejected: readonly RejectedEvent[];
}

export interface BatchFault {
  readonly code: "events_malformed" | "too_many_events";
  readonly message: string;
}

/** Names under which a body may wrap its list. */
const WRAPPERS = ["events", "live_events", "batch"];

/**
 * The body of `POST /api/v1/ingest/events`: one event, a list, or `{ "events": [...] }`. An event that is
 * wrong is rejected by itself; only a body that is no list of events is refused whole.
 */
export function parseEvents(json: unknown, nowMs: number): Result<ParsedEvents, BatchFault> {
  const list = eventList(json);
  if (list === undefined)
    return err({
      code: "events_malformed",
      message: 'expected an event, a list of events, or {"events": [...]}',
    });
  if (list.length > EVENT_LIMITS.perRequest)
    return err({
      code: "too_many_events",
      message: `${list.length} events in one request; the limit is ${EVENT_LIMITS.perRequest}`,
    });
  const drafts: { index: number; draft: EventDraft }[] = [];
  const rejected: RejectedEvent[] = [];
  for (const [index, item] of list.entries()) {
    const one = parseEvent(item, nowMs);
    if (one.ok) drafts.push({ index, draft: one.value });
    else rejected.push({ index, ...one.error });
  }
  return ok({ drafts, rejected });
}

export type EventFault = Pick<RejectedEvent, "reason" | "detail">;

/** One event of any of the shapes that fields.ts knows. */
export function parseEvent(item: unknown, nowMs: number): Result<EventDraft, EventFault> {
  if (!isObject(item)) return fault("not_an_object", "expected an object with a name");
  const claimed = claimFields(item);
  const name = textOf(claimed.name);
  if (name === undefined || name.trim() === "")
    return fault("name_missing", "an event needs a name, in event, name or type");
  if (name.length > EVENT_LIMITS.nameLength)
    return fault(
      "name_too_long",
      `a name of ${name.length} characters; the limit is ${EVENT_LIMITS.nameLength}`,
    );
  const ids = parseIds(claimed);
  if (!ids.ok) return ids;
  const time = parseTime(claimed.time, nowMs);
  if (!time.ok) return time;
  if (claimed.properties === "malformed")
    return fault("properties_malformed", "properties must be an object");
  if (nestsDeeperThan(claimed.properties, EVENT_LIMITS.levels))
    return fault("nested_too_deeply", `properties nest deeper than ${EVENT_LIMITS.levels} levels`);
  const json = JSON.stringify(claimed.properties);
  // UTF-8 has at most three bytes for a UTF-16 unit: most events need no closer look.
  const bytes = json.length * 3 <= EVENT_LIMITS.propertyBytes ? 0 : utf8Length(json);
  if (bytes > EVENT_LIMITS.propertyBytes)
    return fault(
      "event_too_large",
      `properties of ${bytes} bytes; the limit is ${EVENT_LIMITS.propertyBytes}`,
    );
  return ok({
    ...ids.value,
    timeMs: time.value,
    name: clean(name.trim()),
    url: cut(textOf(claimed.url) ?? "", EVENT_LIMITS.urlLength),
    referrer: cut(textOf(claimed.referrer) ?? "", EVENT_LIMITS.urlLength),
    ip: cut(textOf(claimed.ip) ?? "", 64),
    userAgent: cut(textOf(claimed.userAgent) ?? "", 512),
    country: countryOf(claimed.country),
    properties: claimed.properties,
  });
}

type Ids = Pick<EventDraft, "id" | "userId" | "anonymousId" | "sessionId">;

function parseIds(claimed: Claim): Result<Ids, EventFault> {
  const read = (what: string, given: unknown): Result<string, EventFault> => {
    const text = textOf(given) ?? "";
    if (given !== undefined && given !== null && textOf(given) === undefined)
      return fault("id_malformed", `${what} must be a string or a number`);
    return text.length > EVENT_LIMITS.idLength
      ? fault("id_malformed", `${what} is longer than ${EVENT_LIMITS.idLength} characters`)
      : ok(clean(text));
  };
  const id = read("the event's id", claimed.id);
  if (!id.ok) return id;
  const user = read("the user id", claimed.userId);
  if (!user.ok) return user;
  const anonymous = read("the anonymous id", claimed.anonymousId);
  if (!anonymous.ok) return anonymous;
  const session = read("the session id", claimed.sessionId);
  if (!session.ok) return session;
  return ok({
    id: id.value === "" ? undefined : id.value,
    userId: user.value,
    anonymousId: anonymous.value,
    sessionId: session.value,
  });
}

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
/** Smaller numbers are seconds: as milliseconds they would lie before March 1973. */
const SECONDS_BELOW = 1e11;

function parseTime(given: unknown, nowMs: number): Result<number | undefined, EventFault> {
  if (given === undefined || given === null || given === "") return ok(undefined);
  const malformed = fault(
    "timestamp_malformed",
    "expected milliseconds or seconds since the epoch, or an ISO 8601 time",
  );
  let ms: number;
  if (typeof given === "number") ms = given < SECONDS_BELOW ? given * 1000 : given;
  else if (typeof given !== "string") return malformed;
  else if (/^\d{9,16}(?:\.\d+)?$/.test(given)) return parseTime(Number(given), nowMs);
  // A time without a zone is UTC, wherever the server stands.
  else if (ISO.test(given))
    ms = Date.parse(
      /T|\s/.test(given) && !/Z|[+-]\d\d:?\d\d$/.test(given)
        ? `${given.replace(" ", "T")}Z`
        : given,
    );
  else return malformed;
  ms = Math.round(ms);
  if (!Number.isSafeInteger(ms)) return malformed;
  if (ms > nowMs + EVENT_LIMITS.futureMs)
    return fault("timestamp_in_future", "the time is more than 10 minutes in the future");
  if (ms < nowMs - EVENT_LIMITS.ageMs)
    return fault("timestamp_too_old", "the time is more than 395 days ago");
  return ok(ms);
}

function eventList(json: unknown): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json;
  if (!isObject(json)) return undefined;
  for (const w of WRAPPERS) {
    const inner = json[w];
    if (Array.isArray(inner)) return inner;
  }
  return [json];
}

function countryOf(given: unknown): string {
  return typeof given === "string" && /^[A-Za-z]{2}$/.test(given) ? given.toUpperCase() : "";
}

function textOf(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  return typeof given === "number" && Number.isFinite(given) ? String(given) : undefined;
}

/** SQLite ends a text at NUL in some of its functions, and UTF-8 has no lone surrogates. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

function cut(text: string, length: number): string {
  return clean(text.slice(0, length));
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function fault(
  reason: EventRejection,
  detail: string,
): { readonly ok: false; readonly error: EventFault } {
  return err({ reason, detail });
}
