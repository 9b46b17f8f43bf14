import { Hono } from "hono";
import type { AppEnv } from "../deps";
import { openapiDocument } from "./document";
import { errorCodesPage } from "./error-codes-page";
import { FAMILIES } from "./families";

/** Both are public, and change with a deployment alone. */
const FRESH = "public, max-age=300";

/** `/openapi.json`: what this deployment understands. `/docs/errors`: where the `type` of a problem leads. */
export function openapiRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/openapi.json", (c) => {
    const { externalUrl, version } = c.get("deps").config;
    const url = externalUrl ?? new URL(c.req.url).origin;
    return c.json(openapiDocument(FAMILIES, { url, version }), 200, {
      "cache-control": FRESH,
      // Tools that show it run on other origins.
      "access-control-allow-origin": "*",
    });
  });
  app.get("/docs/errors", (c) =>
    c.html(errorCodesPage(), 200, {
      "cache-control": FRESH,
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }),
  );
  return app;
}
