import type { Span, SpanAttributes } from "../core/traces";

const HOUR_NS = 3_600_000_000_000n;
/** A chunk holds no more, so that one row and one bound value stay near 1 MB at worst. */
const MAX_SPANS = 2_500;
const MAX_CHARS = 600_000;

/** Sorts spans by start and cuts them by clock hour and size: each part becomes one chunk. */
export function partitionSpans(spans: readonly Span[]): Span[][] {
  const sorted = spans.toSorted((a, b) =>
    a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0,
  );
  const parts: Span[][] = [];
  let part: Span[] = [];
  let hour = -1n;
  let chars = 0;
  for (const span of sorted) {
    const size = charsOf(span);
    const spanHour = span.startNs / HOUR_NS;
    if (
      part.length > 0 &&
      (spanHour !== hour || part.length >= MAX_SPANS || chars + size > MAX_CHARS)
    ) {
      parts.push(part);
      part = [];
      chars = 0;
    }
    part.push(span);
    hour = spanHour;
    chars += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function charsOf(s: Span): number {
  let n = 128 + s.name.length + s.statusMessage.length + sizeOf(s.attributes);
  for (const e of s.events) n += 32 + e.name.length + sizeOf(e.attributes);
  for (const l of s.links) n += 64 + sizeOf(l.attributes);
  return n;
}

function sizeOf(attributes: SpanAttributes): number {
  let n = 0;
  for (const [name, value] of Object.entries(attributes)) {
    n +=
      name.length +
      (typeof value === "string"
        ? value.length
        : typeof value === "object"
          ? JSON.stringify(value).length
          : 8);
  }
  return n;
}
