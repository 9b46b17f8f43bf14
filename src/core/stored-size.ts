const encoder = new TextEncoder();

/** What a Durable Object's row may take, which ends at 2 MB (D:durable-objects/platform/limits): some is left to ids, times and keys. */
export const ROW_BYTES = 1_800_000;

/** Bytes of a value as JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** The same for JSON that is itself a text within JSON, as messages lie in their rows: each quote takes two bytes more. */
export function nestedJsonBytes(value: unknown): number {
  return jsonBytes(JSON.stringify(value));
}

/** The first items that have room together. */
export function firstWithin<T>(
  items: readonly T[],
  maxBytes: number,
  bytesOf: (item: T) => number,
): readonly T[] {
  let left = maxBytes;
  const over = items.findIndex((item) => (left -= bytesOf(item)) < 0);
  return over < 0 ? items : items.slice(0, over);
}
