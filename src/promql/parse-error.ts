/** What is wrong with an expression, and where. Offsets are UTF-16 units; line and column, in bytes of UTF-8, count from 1. */
export interface ParseError {
  readonly message: string;
  readonly position: { readonly start: number; readonly end: number };
  readonly line: number;
  readonly column: number;
  /** Every mistake found in the same text, this one first. */
  readonly all: readonly string[];
}

/** `1:5: parse error: …`, as Prometheus prints it. */
export function renderParseError(e: ParseError): string {
  return `${e.line}:${e.column}: parse error: ${e.message}`;
}
