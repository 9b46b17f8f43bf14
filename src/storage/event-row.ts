import type { ProductEvent } from "../core/events";

/** Columns of `events` after the project, in the order of {@link eventRow}. */
export const EVENT_COLUMNS = [
  "person",
  "time_ms",
  "id",
  "name",
  "path",
  "session_id",
  "referrer",
  "country",
  "device",
  "browser",
  "os",
  "value",
  "details",
] as const;

/** What no question filters by. */
interface EventDetails {
  /** User, anonymous and visitor id. */
  readonly u?: string;
  readonly a?: string;
  readonly v?: string;
  /** The server gave the time. */
  readonly s?: 1;
  readonly p: Readonly<Record<string, unknown>>;
}

export interface StoredEvent {
  readonly person: string;
  readonly time_ms: number;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly session_id: string;
  readonly referrer: string;
  readonly country: string;
  readonly device: string;
  readonly browser: string;
  readonly os: string;
  readonly value: number | null;
  readonly details: string;
}

export type EventRow = readonly (string | number | null)[];

export function eventRow(e: ProductEvent): EventRow {
  const details: EventDetails = {
    ...(e.userId === "" ? {} : { u: e.userId }),
    ...(e.anonymousId === "" ? {} : { a: e.anonymousId }),
    ...(e.visitorId === "" ? {} : { v: e.visitorId }),
    ...(e.timed === "by_server" ? { s: 1 as const } : {}),
    p: e.properties,
  };
  return [
    e.person,
    e.timeMs,
    e.id,
    e.name,
    e.path,
    e.sessionId,
    e.referrer,
    e.country,
    e.device,
    e.browser,
    e.os,
    e.value,
    JSON.stringify(details),
  ];
}

export function eventOfRow(r: StoredEvent): ProductEvent {
  // Written by eventRow alone.
  const d = JSON.parse(r.details) as EventDetails;
  return {
    id: r.id,
    timeMs: r.time_ms,
    timed: d.s === 1 ? "by_server" : "by_sender",
    name: r.name,
    person: r.person,
    userId: d.u ?? "",
    anonymousId: d.a ?? "",
    visitorId: d.v ?? "",
    sessionId: r.session_id,
    path: r.path,
    referrer: r.referrer,
    country: r.country,
    device: r.device,
    browser: r.browser,
    os: r.os,
    value: r.value,
    properties: d.p,
  };
}
