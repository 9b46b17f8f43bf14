import type { Span, TraceFragment, TraceSummary } from "../core/traces";

/** What these spans say of each of their traces. */
export function fragmentsOf(spans: readonly Span[]): TraceFragment[] {
  const byTrace = new Map<string, Span[]>();
  for (const s of spans) {
    const known = byTrace.get(s.traceId);
    if (known === undefined) byTrace.set(s.traceId, [s]);
    else known.push(s);
  }
  return [...byTrace.values()].map(fragmentOf);
}

function fragmentOf(spans: readonly Span[]): TraceFragment {
  let first = spans[0] as Span;
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = 0;
  let errorCount = 0;
  for (const s of spans) {
    const start = startMsOf(s);
    startMs = Math.min(startMs, start);
    endMs = Math.max(endMs, start + s.durationNs / 1e6);
    if (s.status === "error") errorCount++;
    if (isBefore(s, first)) first = s;
  }
  return {
    traceId: first.traceId,
    startMs,
    endMs,
    spanCount: spans.length,
    errorCount,
    services: [...new Set(spans.map((s) => s.service))].toSorted(),
    rootService: first.service,
    rootName: first.name,
    isRoot: first.parentSpanId === "",
  };
}

/** A root goes before every other span, then the earlier one. */
function isBefore(a: Span, b: Span): boolean {
  const rootA = a.parentSpanId === "";
  const rootB = b.parentSpanId === "";
  return rootA === rootB ? a.startNs < b.startNs : rootA;
}

/**
 * One summary from the fragments of a trace, in any order. Chunks hold a batch each and batches
 * are kept once, so that counts add up; a span that was sent in two batches counts twice here and
 * once in the trace itself.
 */
export function mergeFragments(fragments: readonly TraceFragment[]): TraceSummary | undefined {
  const [head, ...rest] = fragments;
  if (head === undefined) return undefined;
  return rest.reduce(merge, head);
}

function merge(a: TraceFragment, b: TraceFragment): TraceFragment {
  const root = a.isRoot === b.isRoot ? (b.startMs < a.startMs ? b : a) : a.isRoot ? a : b;
  return {
    traceId: a.traceId,
    startMs: Math.min(a.startMs, b.startMs),
    endMs: Math.max(a.endMs, b.endMs),
    spanCount: a.spanCount + b.spanCount,
    errorCount: a.errorCount + b.errorCount,
    services: [...new Set([...a.services, ...b.services])].toSorted(),
    rootService: root.rootService,
    rootName: root.rootName,
    isRoot: root.isRoot,
  };
}

/** Start in ms with its fraction. */
export function startMsOf(s: Span): number {
  return Number(s.startNs / 1_000n) / 1_000;
}
