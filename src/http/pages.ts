import { type Context, Hono } from "hono";
import type { AppEnv } from "./deps";

/** Addresses that are pages of the web app; the app itself decides what each shows. */
const PAGES = [
  "monitoring",
  "receiver",
  "alerts",
  "heartbeats",
  "incidents",
  "logs",
  "traces",
  "events",
  "explore",
  "rules",
  "targets",
  "cardinality",
  "reports",
  "settings",
  "login",
];

/** The web app: its page under every address of its own, and its files. */
export function pageRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/", (c) => c.redirect("/monitoring"));
  for (const page of PAGES) {
    app.get(`/${page}`, servePage);
    app.get(`/${page}/*`, servePage);
  }
  // /assets/* never comes here: the platform serves it (wrangler.toml, run_worker_first).
  app.get("/favicon.svg", (c) => serveFile(c, "public, max-age=86400"));
  return app;
}

async function servePage(c: Context<AppEnv>): Promise<Response> {
  const file = await c.get("deps").asset(new Request(new URL("/index.html", c.req.url)));
  if (!file.ok) return c.text("The web app has not been built: npm run build\n", 503);
  const headers = pageHeaders(c.req.url);
  headers.set("content-type", "text/html; charset=utf-8");
  return new Response(file.body, { headers });
}

async function serveFile(c: Context<AppEnv>, cacheControl: string): Promise<Response> {
  const file = await c
    .get("deps")
    .asset(new Request(new URL(c.req.path, c.req.url), { headers: c.req.raw.headers }));
  if (!file.ok && file.status !== 304) return c.notFound();
  const headers = new Headers(file.headers);
  headers.set("cache-control", cacheControl);
  return new Response(file.body, { status: file.status, headers });
}

/** Scripts come from our own files alone; Mantine writes style elements and attributes. */
function pageHeaders(url: string): Headers {
  const { protocol, host } = new URL(url);
  const socket = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  return new Headers({
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self'",
      // Browsers before 2023 do not count ws: as 'self'.
      `connect-src 'self' ${socket}`,
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; "),
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
  });
}
