import { Toucan } from "toucan-js";
import type { Context } from "hono";
import type { AppEnv, Deps } from "./deps";
import { problem } from "./problem";

/** An error that no route expected: logged, sent to Sentry where SENTRY_DSN is set, answered without its text. */
export function answerUnexpected(error: Error, c: Context<AppEnv>): Response {
  const deps = c.get("deps");
  const requestId = deps.newId();
  console.error(
    JSON.stringify({
      level: "error",
      request_id: requestId,
      method: c.req.method,
      path: loggedPath(c.req.path),
      error: error.message,
      stack: error.stack,
    }),
  );
  reportError(deps, error, {
    request_id: requestId,
    method: c.req.method,
    path: loggedPath(c.req.path),
  });
  return problem(c, {
    status: 500,
    code: "internal_error",
    detail: `something broke here; its id is ${requestId}`,
  });
}

/** Addresses that are a permission by themselves are not written down. */
function loggedPath(path: string): string {
  return path.replace(/^(\/a|\/api\/v1\/heartbeat)\/.*$/s, "$1/…");
}

/** Sends one error to Sentry. No header, body, query or address of the request goes along: they may hold secrets. */
export function reportError(
  deps: Deps,
  error: unknown,
  tags: Readonly<Record<string, string>>,
): void {
  const dsn = deps.config.sentryDsn;
  if (dsn === undefined) return;
  const sentry = new Toucan({
    dsn,
    context: { waitUntil: deps.waitUntil },
    release: `vedette@${deps.config.version}`,
  });
  for (const [name, value] of Object.entries(tags)) sentry.setTag(name, value);
  sentry.captureException(error);
}
