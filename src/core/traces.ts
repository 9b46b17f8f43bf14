import type { DeletedBefore } from "./logs";

/** By OTLP's number: 0 is unspecified, which counts as internal. */
export const SPAN_KINDS = [
  "unspecified",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** By OTLP's number. */
export const SPAN_STATUSES = ["unset", "ok", "error"] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];

/** An attribute as it came, JSON; integers beyond 2^53 are decimal strings. */
export type SpanAttributes = Readonly<Record<string, unknown>>;

export interface SpanEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: SpanAttributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: SpanAttributes;
}

/** One span as it is kept. */
export interface Span {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Since the epoch. */
  readonly startNs: bigint;
  /** Below 2^53: 104 days. */
  readonly durationNs: number;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly service: string;
  readonly scope: string;
  readonly attributes: SpanAttributes;
  /** Of the resource, without `service.name`. */
  readonly resource: SpanAttributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** What one chunk knows of a trace; the chunks' fragments together are its summary. */
export interface TraceFragment {
  readonly traceId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly services: readonly string[];
  /** Of a span without parent; else of the earliest span seen, with `isRoot` false. */
  readonly rootService: string;
  readonly rootName: string;
  readonly isRoot: boolean;
}

export type TraceSummary = TraceFragment;

export interface TraceSearch {
  /** The trace has a span of this service. */
  readonly service?: string;
  /** Traces that start in here, inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly minDurationMs?: number;
  /** Only traces with (or without) an error. */
  readonly error?: boolean;
  readonly limit: number;
}

export interface TraceSearchResult {
  /** Newest start first. */
  readonly traces: readonly TraceSummary[];
  readonly truncated?: { readonly reason: "limit" | "chunks_scanned"; readonly limit: number };
}

/** A project's traces. */
export interface TraceStore {
  /**
   * Keeps the spans of one batch; the same batch id with the same spans is kept once.
   * @throws StoreQuotaError | StoreUnavailableError (storage/write-or-spill.ts)
   */
  append(batchId: string, spans: readonly Span[]): Promise<"stored" | "spilled">;
  /** Every span known, each once, by start; empty where the trace is unknown. */
  trace(traceId: string): Promise<readonly Span[]>;
  search(search: TraceSearch): Promise<TraceSearchResult>;
  /** Deletes a bounded number of the oldest chunks that end before `beforeMs`. */
  deleteBefore(beforeMs: number): Promise<DeletedBefore>;
}
