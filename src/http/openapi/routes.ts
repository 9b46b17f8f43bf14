import { Hono } from "hono";
import type { AppEnv } from "../deps";
import { documentBody, documentHead } from "./document";
import { errorCodesPage } from "./error-codes-page";
import { FAMILIES } from "./families";

/** Both are public, and change with a deployment alone. */
const FRESH = "public, max-age=300";

/** Written once per isolate: it takes some ms. */
let body: string | undefined;

/** `/openapi.json`: what this deployment understands. `/docs/errors`: where the `type` of a problem leads. */
export function openapiRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/openapi.json", (c) => {
    const { externalUrl, version } = c.get("deps").config;
    const url = externalUrl ?? new URL(c.req.url).origin;
    const head = JSON.stringify(documentHead({ url, version }));
    body ??= JSON.stringify(documentBody(FAMILIES));
    // The members of both objects in one.
    return c.body(`${head.slice(0, -1)},${body.slice(1)}`, 200, {
      "content-type": "application/json",
      "cache-control": FRESH,
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
