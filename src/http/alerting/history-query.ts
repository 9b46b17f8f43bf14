import type { Context } from "hono";
import type { HistoryPosition } from "../../notify/history";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";
import type { Problem } from "../problem";
import { readLimit, readTime } from "./query";

/** Longer texts are searched for by nobody. */
const MAX_TEXT = 1_000;

export interface Page {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly after?: HistoryPosition;
}

/** `from`, `to`, `limit` and `cursor`, as every search of the history takes them. */
export function readPage(c: Context<AppEnv>, spanMs: number): Result<Page, Problem> {
  const now = c.get("deps").clock();
  const limit = readLimit(c);
  if (!limit.ok) return limit;
  const from = readTime(c, "from", now - spanMs);
  if (!from.ok) return from;
  // Clocks of objects and of the Worker may differ by a little.
  const to = readTime(c, "to", now + 60_000);
  if (!to.ok) return to;
  const cursor = c.req.query("cursor");
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  if (cursor !== undefined && after === undefined)
    return err({
      status: 400,
      code: "cursor_invalid",
      detail: "cursor must be `next_cursor` of the page before, with the same parameters otherwise",
      where: "cursor",
    });
  return ok({
    fromMs: from.value,
    toMs: to.value,
    limit: limit.value,
    ...(after === undefined ? {} : { after }),
  });
}

/** A text parameter; undefined where it is absent or empty. */
export function readText(
  c: Context<AppEnv>,
  name: string,
  allowed?: readonly string[],
): Result<string | undefined, Problem> {
  const text = c.req.query(name);
  if (text === undefined || text === "") return ok(undefined);
  if (text.length > MAX_TEXT) return err(wrong(name, `${name} has at most ${MAX_TEXT} characters`));
  if (allowed !== undefined && !allowed.includes(text))
    return err(wrong(name, `${name} is one of ${allowed.join(", ")}`));
  return ok(text);
}

/** `label=k=v`, any number of times. */
export function readLabels(c: Context<AppEnv>): Result<Readonly<Record<string, string>>, Problem> {
  const out: [string, string][] = [];
  for (const text of c.req.queries("label") ?? []) {
    const at = text.indexOf("=");
    if (at < 1 || text.length > MAX_TEXT) return err(wrong("label", "label must be name=value"));
    out.push([text.slice(0, at), text.slice(at + 1)]);
  }
  return ok(Object.fromEntries(out));
}

function wrong(where: string, detail: string): Problem {
  return { status: 400, code: "parameter_malformed", detail, where };
}

/** Where the page after one that is full begins. */
export function cursorOf(position: HistoryPosition): string {
  const bytes = new TextEncoder().encode(`${position.atMs.toString(36)} ${position.id}`);
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function parseCursor(text: string): HistoryPosition | undefined {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const decoded = new TextDecoder("utf-8", {
      fatal: true,
      ignoreBOM: false,
    }).decode(Uint8Array.from(binary, (ch) => ch.charCodeAt(0)));
    const m = /^([0-9a-z]{1,11}) (.{1,1000})$/s.exec(decoded);
    if (m === null) return undefined;
    return { atMs: Number.parseInt(m[1] ?? "", 36), id: m[2] ?? "" };
  } catch {
    return undefined; // no base64, no UTF-8
  }
}
