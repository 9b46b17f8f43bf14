import { Hono } from "hono";
import type { AppEnv, Deps } from "./http/deps";
import { healthRoutes } from "./http/health";
import { problem } from "./http/problem";

/** The Hono app: middleware order and mounts, nothing else. */
export function makeApp(deps: Deps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set("deps", deps);
    await next();
  });
  app.route("/", healthRoutes());
  app.notFound((c) => problem(c, { status: 404, code: "not_found", detail: `there is nothing at ${c.req.method} ${c.req.path}` }));
  return app;
}
