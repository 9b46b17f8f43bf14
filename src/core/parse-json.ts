/**
 * JSON from outside. It may write half of a surrogate pair, which is no character: as in Go's decoder, and in UTF-8, U+FFFD
 * takes its place, so that nothing downstream holds a text that changes when it is stored.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return HALF.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
}

/** What may begin such a half; whole pairs are written so too. */
const HALF = /\\u[dD][89a-fA-F]/;

function wellFormed(_: string, value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).every((name) => name.isWellFormed())) return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name.toWellFormed(), v]));
}
