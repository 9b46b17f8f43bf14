import { expect, it } from "vitest";
import { classifyD1Error } from "../../src/storage/d1-errors";

it.each([
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", "transient"],
  ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", "transient"],
  ["D1_ERROR: D1 DB reset because its code was updated.", "transient"],
  [
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "transient",
  ],
  ["D1_ERROR: Network connection lost.", "transient"],
  [
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "transient",
  ],
  [
    "D1_ERROR: Failed to get session commit token: internal error; reference = kqd4bl2hv5q6chussjqf0v2g",
    "transient",
  ],
  ["D1_ERROR: database is locked: SQLITE_BUSY", "transient"],
  ["D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.", "transient"],
  ["D1 write timed out after 8000 ms", "transient"],
  ["something that nobody has seen before", "transient"],
  ["D1_ERROR: Exceeded maximum DB size", "quota"],
  ["D1_ERROR: database or disk is full: SQLITE_FULL", "quota"],
  ["D1_ERROR: Your account has exceeded D1's free daily limit of rows written", "quota"],
  ["D1_ERROR: UNIQUE constraint failed: events.id: SQLITE_CONSTRAINT", "permanent"],
  ["D1_ERROR: no such table: log_chunks: SQLITE_ERROR", "permanent"],
  ['D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR', "permanent"],
  ["D1_ERROR: string or blob too big: SQLITE_TOOBIG", "permanent"],
  ["D1_ERROR: too many SQL variables at offset 5: SQLITE_ERROR", "permanent"],
  ["D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'", "permanent"],
])("%s is %s", (message, kind) => {
  expect(classifyD1Error(new Error(message)).kind).toBe(kind);
});

it("looks at the cause, where D1 puts the reason", () => {
  const e = new Error("D1_ERROR", { cause: new Error("Exceeded maximum DB size") });
  expect(classifyD1Error(e)).toEqual({
    kind: "quota",
    message: "D1_ERROR: Exceeded maximum DB size",
  });
});
