import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./deps";

/** Headers of every answer. A page adds its own Content-Security-Policy (pages.ts). */
export function securityHeaders(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    if (c.res.status === 101) return;
    const h = c.res.headers;
    h.set("x-content-type-options", "nosniff");
    if (!h.has("referrer-policy")) h.set("referrer-policy", "strict-origin-when-cross-origin");
    if (new URL(c.req.url).protocol === "https:")
      h.set("strict-transport-security", "max-age=31536000");
  };
}
