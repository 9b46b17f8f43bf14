/**
 * What to do about a D1 write that threw (https://developers.cloudflare.com/d1/observability/debug-d1/).
 * `transient`: D1 may be well soon, and may even have committed, so keep the write and send it again.
 * `quota`: the plan's daily rows or the database's size are used up; keeping more would only fill the spill.
 * `permanent`: the same statement will fail again.
 */
export type D1Failure = {
  readonly kind: "transient" | "quota" | "permanent";
  readonly message: string;
};

const QUOTA = [
  /exceeded (?:its )?(?:maximum|max) (?:db|database) size/i,
  /maximum db size/i,
  /database or disk is full/i,
  /\bSQLITE_FULL\b/,
  /(?:daily|free)[^.]*limit/i,
  /limit[^.]*(?:rows? written|rows? read|free tier|per day)/i,
  /quota/i,
];

const PERMANENT = [
  /constraint/i,
  /no such (?:table|column|function)/i,
  /syntax error/i,
  /SQLITE_(?:ERROR|CONSTRAINT|MISMATCH|TOOBIG|RANGE|CORRUPT|NOTADB|AUTH)\b/,
  /too (?:big|large|many)/i,
  /datatype mismatch/i,
  /D1_TYPE_ERROR|D1_COLUMN_NOTFOUND|D1_DUMP_ERROR/,
  /malformed/i,
  /wrong number of parameter/i,
];

const TRANSIENT = [
  /overloaded/i,
  /too many requests queued/i,
  /reset/i,
  /time(?:d)?[- ]?out/i,
  /storage operation exceeded/i,
  /network (?:connection|error)|connection lost/i,
  /internal error/i,
  /database is locked|database table is locked|SQLITE_BUSY|SQLITE_LOCKED/i,
  /disk i\/o error|SQLITE_IOERR/i,
  /cannot resolve d1|d1 db(?:'s)? isolate|isolate exceeded/i,
  /temporarily|try again|retry/i,
  /fetch failed|socket|ECONN/i,
];

/** Pure: decides by the message, which is all that D1 gives. What is not known counts as transient, so that nothing is dropped. */
export function classifyD1Error(error: unknown): D1Failure {
  const message = messages(error);
  const matches = (patterns: readonly RegExp[]): boolean => patterns.some((p) => p.test(message));
  if (matches(QUOTA)) return { kind: "quota", message };
  // "Too many requests queued" is load, though it looks like a limit of the statement.
  if (/queued/i.test(message)) return { kind: "transient", message };
  if (matches(TRANSIENT)) return { kind: "transient", message };
  if (matches(PERMANENT)) return { kind: "permanent", message };
  return { kind: "transient", message };
}

/** The message with those of its causes: D1 puts the reason into `cause`. */
function messages(error: unknown): string {
  const parts: string[] = [];
  let at: unknown = error;
  for (let i = 0; i < 4 && at !== undefined && at !== null; i++) {
    parts.push(at instanceof Error ? at.message : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(": ");
}
