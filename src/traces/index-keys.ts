/**
 * Under which keys a chunk's traces are found. A trace of its own row costs two rows written in its
 * life (one to delete it), so where traces are small, buckets of trace ids share a row; a reader asks
 * for the trace's own key and for each bucket it could be in.
 */
/** A chunk may have this many rows of single traces whatever its size. */
const ALWAYS_EXACT = 16;
/** At most one index row for so many spans, so that 1,000 spans cost well under 400 rows, deletion included. */
const SPANS_PER_ROW = 6;
/** Buckets are by the leading 4, 5 or 6 bits of the id. */
const BUCKET_BITS = [6, 5, 4] as const;

/** The key of each trace of one chunk. */
export function indexKeys(
  traceIds: ReadonlySet<string>,
  spanCount: number,
): (traceId: string) => string {
  const rows = Math.max(ALWAYS_EXACT, Math.floor(spanCount / SPANS_PER_ROW));
  if (traceIds.size <= rows) return (id) => id;
  const bits = BUCKET_BITS.find((b) => 2 ** b <= rows) ?? 4;
  return (id) => bucketKey(id, bits);
}

/** Every key under which a chunk may have put the trace. */
export function lookupKeys(traceId: string): string[] {
  return [traceId, ...bucketKeys(traceId)];
}

export function bucketKeys(traceId: string): string[] {
  return BUCKET_BITS.map((bits) => bucketKey(traceId, bits));
}

function bucketKey(traceId: string, bits: number): string {
  // Trace ids are random by W3C's rules, in their last bytes surely: some senders put a time first.
  const tail = Number.parseInt(traceId.slice(-2), 16);
  return `~${bits}:${(tail >>> (8 - bits)).toString(16)}`;
}
