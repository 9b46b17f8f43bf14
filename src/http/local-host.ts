import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./deps";
import { problem } from "./problem";

/**
 * The local start's tokens are known to everybody, so a page whose name was pointed at this
 * machine (DNS rebinding) must not reach it: only the launcher's own names are answered.
 */
export function localHost(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { hosts } = c.get("deps").config;
    // Any port: a tunnel may have another. A rebound page comes with a name of its own.
    const host = new URL(c.req.url).hostname;
    if (hosts === undefined || hosts.has(host)) return next();
    return problem(c, {
      status: 421,
      code: "host_refused",
      detail: `this local start answers at ${[...hosts].join(", ")}, not at ${host}; HOST=0.0.0.0 npm start answers everywhere`,
      where: "host",
    });
  };
}
