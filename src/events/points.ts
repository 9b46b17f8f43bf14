import type { ProductEvent, RollupPoint } from "../core/events";

/**
 * Points of Analytics Engine as data: which column holds what. A column keeps its meaning for
 * ever, as old points stay readable for three months: new facts take the next free number.
 * The platform's limits: https://developers.cloudflare.com/analytics/analytics-engine/limits/
 */
export const POINT_LIMITS = {
  /** Per invocation of the Worker. */
  pointsPerInvocation: 250,
  /** Of those, for the events of one request; the rest is left to others. */
  eventPoints: 200,
  /** All blobs of a point together. */
  blobBytes: 16 * 1024,
  indexBytes: 96,
} as const;

/** `blob1` is the first. `kind` tells the two tables of the one dataset apart. */
export const EVENT_BLOBS = [
  "kind",
  "project",
  "event",
  "path",
  "referrer",
  "country",
  "device",
  "browser",
  "os",
  "session",
  "person",
] as const;
/** `double1` is the first. `weight`: events that the point stands for; `value`: their values' sum. */
export const EVENT_DOUBLES = ["weight", "value"] as const;
export const ROLLUP_BLOBS = ["kind", "project", "metric", "labels"] as const;
export const ROLLUP_DOUBLES = ["value"] as const;

export const EVENT_KIND = "event";
export const ROLLUP_KIND = "series";

/** What `writeDataPoint` takes. */
export interface Point {
  readonly indexes: readonly [string];
  readonly blobs: readonly string[];
  readonly doubles: readonly number[];
}

/** An event that stands for `weight` events whose values add up to `value`. */
export interface WeightedEvent {
  readonly event: ProductEvent;
  readonly weight: number;
  readonly value: number;
}

/**
 * At most `max` events that stand for all. Weights add up to the number of events, per event name too
 * as long as there are no more names than points; values add up as well.
 */
export function weighEvents(
  events: readonly ProductEvent[],
  max: number = POINT_LIMITS.eventPoints,
): WeightedEvent[] {
  if (events.length <= max)
    return events.map((event) => ({ event, weight: 1, value: event.value ?? 0 }));
  const groups = groupByName(events, max);
  // Every name gets one point, and the points left over go by share.
  const spare = max - groups.length;
  let used = 0;
  let seen = 0;
  return groups.flatMap((group) => {
    seen += group.length - 1;
    const until = Math.floor((spare * seen) / (events.length - groups.length));
    const points = Math.min(group.length, 1 + until - used);
    used = until;
    return pickEvenly(group, points);
  });
}

/** The column values of an event's point. */
export function eventPoint(projectId: string, { event, weight, value }: WeightedEvent): Point {
  const of: Readonly<Record<(typeof EVENT_BLOBS)[number], string>> = {
    kind: EVENT_KIND,
    project: projectId,
    event: event.name,
    path: event.path,
    referrer: event.referrer,
    country: event.country,
    device: event.device,
    browser: event.browser,
    os: event.os,
    session: event.sessionId,
    person: event.person,
  };
  return {
    // Sampling is fair per index: a rare event is not thinned out because another is frequent.
    indexes: [cutUtf8(`${projectId}/${event.name}`, POINT_LIMITS.indexBytes)],
    blobs: boundBlobs(EVENT_BLOBS.map((name) => of[name])),
    doubles: [weight, value],
  };
}

export function rollupPoint(projectId: string, { metric, labels, value }: RollupPoint): Point {
  return {
    indexes: [cutUtf8(`${projectId}/${metric}`, POINT_LIMITS.indexBytes)],
    blobs: boundBlobs([ROLLUP_KIND, projectId, metric, labels]),
    doubles: [value],
  };
}

const encoder = new TextEncoder();

/** The longest beginning of `text` that fits, never half a character. */
export function cutUtf8(text: string, maxBytes: number): string {
  // UTF-8 has at most three bytes for a UTF-16 unit.
  if (text.length * 3 <= maxBytes) return text;
  const room = new Uint8Array(maxBytes);
  return text.slice(0, encoder.encodeInto(text, room).read);
}

/** Together within the limit: later and longer blobs give way, each keeps at least its fair share. */
function boundBlobs(blobs: readonly string[]): string[] {
  let room: number = POINT_LIMITS.blobBytes;
  // UTF-8 has at most three bytes for a UTF-16 unit: an ordinary point is known to fit uncounted.
  if (blobs.reduce((n, b) => n + b.length, 0) * 3 <= room) return [...blobs];
  return blobs.map((blob, i) => {
    const share = Math.floor(room / (blobs.length - i));
    const kept = cutUtf8(blob, share);
    room -= encoder.encode(kept).length;
    return kept;
  });
}

function groupByName(events: readonly ProductEvent[], max: number): ProductEvent[][] {
  const byName = new Map<string, ProductEvent[]>();
  for (const e of events) {
    const group = byName.get(e.name);
    if (group === undefined) byName.set(e.name, [e]);
    else group.push(e);
  }
  const groups = [...byName.values()];
  return groups.length <= max ? groups : [[...events]];
}

/** `count` of the events at even distances; each stands for those from it to the next. */
function pickEvenly(events: readonly ProductEvent[], count: number): WeightedEvent[] {
  const picked: WeightedEvent[] = [];
  for (let i = 0; i < count; i++) {
    const part = events.slice(
      Math.floor((i * events.length) / count),
      Math.floor(((i + 1) * events.length) / count),
    );
    const event = part[0];
    if (event === undefined) continue;
    picked.push({
      event,
      weight: part.length,
      value: part.reduce((sum, e) => sum + (e.value ?? 0), 0),
    });
  }
  return picked;
}
