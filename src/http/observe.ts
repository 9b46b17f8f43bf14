import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { AppEnv, Deps } from "./deps";

const FLUSH_EVERY_MS = 2_000;
/** A wait that its request's end cut off counts as lost after this: waitUntil lasts 30 s. */
const LOST_AFTER_MS = 30_000;
/** Per isolate: when the last flush was, and since when one is waiting. */
let lastFlushMs = 0;
let waitingSinceMs: number | undefined;

/** Measures every request of the Worker itself. */
export function observe(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const deps = c.get("deps");
    const start = deps.clock();
    await next();
    const method = METHODS.has(c.req.method) ? c.req.method : "OTHER";
    deps.selfMetrics.observe({
      route: boundedRoute(routePath(c, -1), c.res.status),
      method,
      status: c.res.status,
      seconds: (deps.clock() - start) / 1000,
    });
    flushSoon(deps);
  };
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** A pattern of ours; whatever matched none counts as one route. */
function boundedRoute(pattern: string, status: number): string {
  if (status === 404 || pattern === "/*" || pattern === "*") return "other";
  return pattern;
}

/** Sends what was counted, at most every 2 s; the first request of an isolate sends at once, so that the live page has data. */
export function flushSoon(deps: Deps): void {
  const now = deps.clock();
  if (waitingSinceMs !== undefined && now - waitingSinceMs < LOST_AFTER_MS) return;
  const wait = Math.max(0, lastFlushMs + FLUSH_EVERY_MS - now);
  waitingSinceMs = now;
  deps.waitUntil(
    (async () => {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      waitingSinceMs = undefined;
      lastFlushMs = deps.clock();
      const batch = deps.selfMetrics.take(deps.newId(), lastFlushMs);
      if (batch === undefined) return;
      try {
        await deps.metrics("default").append(batch);
      } catch (e) {
        // Its own figures must never harm a request; the loss is said, not hidden.
        console.warn(`own metrics were not stored: ${e instanceof Error ? e.message : String(e)}`);
      }
    })(),
  );
}
