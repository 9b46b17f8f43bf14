import type { DeletedBefore } from "./logs";

/** A product event as its sender described it; "" and undefined where nothing was said. */
export interface EventDraft {
  /** The sender's own id: the same id is kept once. */
  readonly id: string | undefined;
  /** Ms since the epoch, whole. */
  readonly timeMs: number | undefined;
  readonly name: string;
  readonly userId: string;
  readonly anonymousId: string;
  readonly sessionId: string;
  /** Address of the page. */
  readonly url: string;
  readonly referrer: string;
  /** Of the visitor, where the sender passes them on; used for enrichment and never kept. */
  readonly ip: string;
  readonly userAgent: string;
  readonly country: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A product event as it is kept. Texts are "" where nothing is known. */
export interface ProductEvent {
  readonly id: string;
  readonly timeMs: number;
  /** The server gave the time, so that a repeat of the event carries another one. */
  readonly timed: "by_sender" | "by_server";
  readonly name: string;
  /** Whose event it is (events/person.ts): the key under which sequences are read. */
  readonly person: string;
  readonly userId: string;
  readonly anonymousId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  /** Path of the page, without query and fragment. */
  readonly path: string;
  /** Host of the page that led here; "" for the site's own pages. */
  readonly referrer: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly device: string;
  readonly browser: string;
  readonly os: string;
  /** The number that the event is about: property `value`, or `revenue`. */
  readonly value: number | null;
  /** Scrubbed. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The names under which events may be counted and filtered. */
export const EVENT_DIMENSIONS = [
  "event",
  "path",
  "referrer",
  "country",
  "device",
  "browser",
  "os",
] as const;
export type EventDimension = (typeof EVENT_DIMENSIONS)[number];

/** Inclusive `fromMs`, exclusive `toMs`. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface EventQuery extends TimeSpan {
  readonly event?: string;
  /** A user id, an anonymous id or a visitor id. */
  readonly user?: string;
  readonly limit: number;
}

export interface Counted {
  readonly value: string;
  readonly count: number;
}

/** Totals of a span. */
export interface EventSummary {
  readonly events: number;
  readonly visitors: number;
  readonly sessions: number;
  readonly pageViews: number;
  /** Most frequent first, at most 50. */
  readonly byEvent: readonly Counted[];
  /** Of page views, most frequent first, at most 20. */
  readonly topPages: readonly Counted[];
}

export interface WrittenEvents {
  readonly outcome: "stored" | "spilled";
  /** Events that were there before; unknown and 0 where they were spilled. */
  readonly duplicates: number;
}

/** A project's product events. */
export interface EventStore {
  /**
   * Keeps the events. The same id of the same person and time is kept once; where the server gave
   * the time, the same id of the same person within 24 h.
   * @throws StoreQuotaError | StoreUnavailableError (storage/write-or-spill.ts)
   */
  append(events: readonly ProductEvent[], nowMs: number): Promise<WrittenEvents>;
  /** Newest first. */
  list(query: EventQuery): Promise<ProductEvent[]>;
  /** One person's events, oldest first: what funnels and retention read. */
  sequence(person: string, span: TimeSpan, limit: number): Promise<ProductEvent[]>;
  summary(span: TimeSpan): Promise<EventSummary>;
  /** The summary of one UTC day, `YYYY-MM-DD`. */
  eventsOn(day: string): Promise<EventSummary>;
  /** Distinct persons with an event at or after `sinceMs`, exact. */
  activeVisitors(sinceMs: number): Promise<number>;
  /** Events from `fromMs` until before `toMs`. */
  count(span: TimeSpan): Promise<number>;
  /** Deletes a bounded number of the oldest events before `beforeMs`. */
  deleteBefore(beforeMs: number): Promise<DeletedBefore>;
}

/** A number with a name, of a series that a project wants kept beyond its raw samples. */
export interface RollupPoint {
  /** The metric's name. */
  readonly metric: string;
  /** The label set without the name, as PromQL prints it. */
  readonly labels: string;
  readonly value: number;
}

/** Where points for long-term totals go. Fire and forget: the platform gives no receipt. */
export interface AnalyticsSink {
  writeEvents(events: readonly ProductEvent[]): void;
  /** Gives how many of the first points fitted into what the invocation may still write. */
  writeRollupPoints(points: readonly RollupPoint[]): number;
}

export interface AnalyticsFilter extends TimeSpan {
  /** All must hold. */
  readonly where?: Partial<Readonly<Record<EventDimension, string>>>;
}

/** Totals of events at scale. Numbers are exact in D1 and estimates where points were sampled. */
export interface AnalyticsReader {
  totals(filter: AnalyticsFilter): Promise<{ readonly events: number; readonly value: number }>;
  /** One entry per step that holds events, by start time (a multiple of `stepMs`), ascending. */
  timeSeries(
    filter: AnalyticsFilter,
    stepMs: number,
  ): Promise<{ readonly startMs: number; readonly events: number }[]>;
  /** The most frequent values of a dimension, empty ones left out; ties by value. */
  topN(filter: AnalyticsFilter, dimension: EventDimension, n: number): Promise<Counted[]>;
}
