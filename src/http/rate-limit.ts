import type { MiddlewareHandler } from "hono";
import { findCredentials } from "./auth/authenticate";
import type { AppEnv } from "./deps";
import { problem } from "./problem";

export type RateClass = "ingest" | "beacon" | "api";

/** Counts one request of a key; true while it is within the limit. */
export type RateLimiter = (kind: RateClass, key: string) => Promise<boolean>;

/** What wrangler.toml sets, for the message. Per Cloudflare location, so the real limit is higher. */
export const RATE_LIMITS: Readonly<
  Record<RateClass, { readonly perMinute: number; readonly binding: string }>
> = {
  ingest: { perMinute: 6000, binding: "RATE_INGEST" },
  beacon: { perMinute: 600, binding: "RATE_BEACON" },
  api: { perMinute: 1200, binding: "RATE_API" },
};

/**
 * Limits requests per token and class. A page's visitors share a beacon token, so beacons
 * count per token and visitor address; the address is only a key here and is kept nowhere.
 */
export function rateLimit(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const kind = rateClassOf(c.req.method, c.req.path);
    if (kind === undefined) return next();
    const deps = c.get("deps");
    const key = keyOf(kind, c.req.raw, c.req.path);
    if (await deps.rateLimiter(kind, key)) return next();
    const { perMinute, binding } = RATE_LIMITS[kind];
    c.header("retry-after", "10");
    return problem(c, {
      status: 429,
      code: "rate_limited",
      detail: `more than ${perMinute} ${kind} requests a minute with this token at this location`,
      limit: {
        name: `${kind}_requests_per_minute`,
        value: perMinute,
        raise: `[[ratelimits]] ${binding} in wrangler.toml`,
      },
    });
  };
}

const INGEST = /^\/(v1\/|api\/v1\/(write|ingest\/|otlp\/|import\/)|api\/v2\/alerts$|metrics\/job)/;
/** Logging in hands tokens over in the body, so that it counts per address. */
const API = /^\/((api|config)\/|a\/|session$|federate$)/;
const UNLIMITED = /^\/api\/health$/;

/** Which limit a request counts against; undefined for pages, health and sockets. */
export function rateClassOf(method: string, path: string): RateClass | undefined {
  if (path === "/e") return "beacon";
  if (INGEST.test(path) && method !== "GET") return "ingest";
  if (API.test(path) && !UNLIMITED.test(path)) return "api";
  return undefined;
}

/** Asked for a secret before anybody is known: whoever guesses must not get a fresh limit with every guess. */
const GUESSABLE = /^\/(session|config\/v1\/bootstrap)$/;
/** Opened by what stands in the address: a token beside it is looked at by nobody, so that it may be any. */
const OPEN = /^\/(a|api\/v1\/heartbeat)\//;

function keyOf(kind: RateClass, request: Request, path: string): string {
  const address = request.headers.get("cf-connecting-ip") ?? "anonymous";
  if (OPEN.test(path) || (GUESSABLE.test(path) && request.method === "POST")) return address;
  const token = findCredentials(request)?.token;
  if (kind === "beacon") return `${token ?? ""}/${address}`;
  return token ?? address;
}
