/** A span as GET /api/v1/traces/<id> gives it. */
export interface TraceSpan {
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  readonly start_ns: string;
  readonly duration_ns: number;
  readonly status: string;
  readonly status_message?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly time_ns: string;
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

export interface WaterfallRow {
  readonly span: TraceSpan;
  readonly depth: number;
  /** Ms after the trace's start. */
  readonly offsetMs: number;
  readonly durationMs: number;
}

/**
 * Spans in tree order, children by start under their parent. A span whose parent is not
 * known, or that is its own ancestor, stands as a root.
 */
export function waterfall(spans: readonly TraceSpan[]): {
  readonly rows: readonly WaterfallRow[];
  readonly totalMs: number;
} {
  const starts = spans.map((s) => BigInt(s.start_ns));
  const first = starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n);
  const offset = (s: TraceSpan): number => Number(BigInt(s.start_ns) - first) / 1e6;
  const ids = new Set(spans.map((s) => s.span_id));
  const children = Map.groupBy(spans, (s) =>
    s.parent_span_id !== undefined && ids.has(s.parent_span_id) ? s.parent_span_id : "",
  );
  const rows: WaterfallRow[] = [];
  const seen = new Set<string>();
  const add = (span: TraceSpan, depth: number): void => {
    if (seen.has(span.span_id)) return;
    seen.add(span.span_id);
    rows.push({ span, depth, offsetMs: offset(span), durationMs: span.duration_ns / 1e6 });
    for (const child of byStart(children.get(span.span_id) ?? [])) add(child, depth + 1);
  };
  const byStart = (list: readonly TraceSpan[]): TraceSpan[] =>
    list.toSorted((a, b) => offset(a) - offset(b));
  for (const root of byStart(children.get("") ?? [])) add(root, 0);
  for (const span of byStart(spans)) add(span, 0);
  const totalMs = rows.reduce((end, r) => Math.max(end, r.offsetMs + r.durationMs), 0);
  return { rows, totalMs };
}
