import type { LogLine, LogSearch, LogTerm } from "../core/logs";
import { type Result, err, ok } from "../core/result";
import { hasPhrase, searchableTexts, wordsOf } from "./words";

/** What a question may hold. */
export const MAX_TERMS = 16;
export const MAX_WORDS = 32;

export interface QueryError {
  readonly message: string;
  /** Characters from the start. */
  readonly at: number;
}

/**
 * Reads `timeout "connection reset" -healthz`: words and "phrases" that a line must hold,
 * `-` before those it must not. Without case; a word with marks inside (`order-1234`) is a phrase.
 */
export function parseQuery(text: string): Result<LogTerm[], QueryError> {
  const terms: LogTerm[] = [];
  let words = 0;
  const part = /\s*(-?)(?:"((?:[^"\\]|\\.)*)("?)|(\S+))/gy;
  let at = 0;
  while (at < text.trimEnd().length) {
    part.lastIndex = at;
    const m = part.exec(text);
    if (m === null) break;
    if (m[2] !== undefined && m[3] === "")
      return err({
        message: "a phrase is not closed by a quotation mark",
        at: text.indexOf('"', at),
      });
    const term: LogTerm = {
      words: wordsOf(m[2]?.replaceAll(/\\(.)/g, "$1") ?? m[4] ?? ""),
      negated: m[1] === "-",
    };
    at = part.lastIndex;
    if (term.words.length === 0) continue;
    words += term.words.length;
    if (terms.push(term) > MAX_TERMS || words > MAX_WORDS) {
      return err({
        message: `a question has at most ${MAX_TERMS} terms and ${MAX_WORDS} words`,
        at,
      });
    }
  }
  return ok(terms);
}

/** Whether the line answers everything that the search asks. */
export function matchesLine(search: LogSearch, line: LogLine): boolean {
  if (line.timeMs < search.fromMs || line.timeMs > search.toMs) return false;
  if (search.levels.length > 0 && !search.levels.includes(line.level)) return false;
  if (search.service !== undefined && line.service !== search.service) return false;
  if (search.traceId !== undefined && line.traceId !== search.traceId) return false;
  if (search.terms.length === 0) return true;
  const texts = searchableTexts(line);
  return search.terms.every((t) => texts.some((text) => hasPhrase(text, t.words)) !== t.negated);
}
