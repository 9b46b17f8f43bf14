import { quote } from "./quoting";

export type TokenKind =
  | "eof"
  | "error"
  | "number"
  | "duration"
  | "string"
  | "identifier"
  | "metricIdentifier"
  | "keyword"
  | "aggregator"
  | "operator"
  | "punctuation";

/** One lexed item; for an error `text` is its message. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How a token is called in a message, as Prometheus calls it. */
export function describeToken(t: Token): string {
  switch (t.kind) {
    case "eof":
      return "end of input";
    case "error":
      return t.text;
    case "identifier":
    case "metricIdentifier":
      return `${t.kind === "identifier" ? "identifier" : "metric identifier"} ${quote(t.text)}`;
    case "keyword":
      return `<${t.text}>`;
    case "operator":
      return `<op:${t.text}>`;
    case "aggregator":
      return `<aggr:${t.text}>`;
    case "number":
    case "duration":
    case "string":
      return `${t.kind} ${t.text.length > 10 ? `${quote(t.text.slice(0, 10))}...` : quote(t.text)}`;
    case "punctuation":
      return quote(t.text);
  }
}
