import type { MiddlewareHandler } from "hono";
import { compileRegex } from "../../core/matchers";
import type { AppEnv } from "../deps";

/** The paths that a script of another origin may be let read: Prometheus' own, none that writes. */
const READS =
  /^\/(?:federate|api\/v1\/(?:query|query_range|query_exemplars|format_query|parse_query|series|labels|label\/[^/]+\/values|metadata|rules|alerts|features|read|search\/[a-z_]+|status\/[a-z]+))$/;

/**
 * Prometheus' cross-origin headers, for the origins that PROMETHEUS_CORS_ORIGIN names. Unlike there, nobody
 * is let in unless it is set: the tokens of a local start are known to every page. `OPTIONS` is answered
 * in any case, without a token, as a browser sends none.
 */
export function cors(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (!READS.test(c.req.path)) return next();
    if (c.req.method === "OPTIONS") c.res = new Response(null, { status: 204 });
    else await next();
    const pattern = c.get("deps").config.corsOrigin;
    const origin = c.req.header("origin");
    if (pattern === undefined || origin === undefined || !compileRegex(pattern)(origin)) return;
    const h = c.res.headers;
    h.set("access-control-allow-origin", pattern === ".*" ? "*" : origin);
    h.set("access-control-allow-headers", "Accept, Authorization, Content-Type, Origin");
    h.set("access-control-allow-methods", "GET, POST, OPTIONS");
    h.set("access-control-expose-headers", "Date");
    h.append("vary", "Origin");
  };
}
