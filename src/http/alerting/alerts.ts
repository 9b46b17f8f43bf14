import { type Context, Hono } from "hono";
import type { HandAnswer, HandRequest } from "../../alerting/by-hand";
import type { AlertQuery } from "../../alerting/history";
import { textOf } from "../../core/long-text";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { cursorOf, readLabels, readPage, readText } from "./history-query";

const DAY_MS = 86_400_000;

/** What is active now, as the router sees it, and taking it in hand. */
export function alertRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  // `/api/v1/alerts` is Prometheus' own; this list has silences, inhibitions, receivers and who took what.
  app.get("/api/v1/alerts/active", requireScope("read"), async (c) => {
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    // JSON of ActiveAlert[], which may be long: it is passed on as it is.
    return json(c, `{"alerts":${await textOf(await router.activeAlerts())}}`);
  });

  app.get("/api/v1/alerts/history", requireScope("read"), async (c) => {
    const page = readPage(c, DAY_MS);
    if (!page.ok) return problem(c, page.error);
    const labels = readLabels(c);
    if (!labels.ok) return problem(c, labels.error);
    const texts: Record<string, string> = {};
    for (const [parameter, field, allowed] of FILTERS) {
      const text = readText(c, parameter, allowed);
      if (!text.ok) return problem(c, text.error);
      if (text.value !== undefined) texts[field] = text.value;
    }
    // The fields of FILTERS are AlertQuery's, with values from its own lists.
    const query: AlertQuery = { ...page.value, ...texts, labels: labels.value };
    const history = c.get("deps").alertHistory(c.get("actor").projectId);
    const [alerts, totals] = await Promise.all([
      history.search(query),
      // Of the whole span: once, with its first page.
      query.after === undefined ? history.totals(query.fromMs, query.toMs) : undefined,
    ]);
    const last = alerts.length === query.limit ? alerts.at(-1) : undefined;
    const next = last && cursorOf({ atMs: last.startsAtMs, id: last.fingerprint });
    return c.json({
      alerts,
      ...(totals === undefined ? {} : { totals }),
      ...(next === undefined ? {} : { next_cursor: next }),
    });
  });

  app.get("/api/v1/alerts/groups", requireScope("read"), async (c) => {
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    return json(c, `{"groups":${await textOf(await router.activeGroups())}}`);
  });

  app.post("/api/v1/alerts/:fingerprint/ack", requireScope("admin"), async (c) => {
    const actor = c.get("actor");
    const fingerprint = c.req.param("fingerprint");
    const router = c.get("deps").objects(actor.projectId).alertRouter();
    if (!(await router.acknowledge(fingerprint, actor.name))) return notFiring(c, fingerprint);
    return c.json({ fingerprint, acknowledged_by: actor.name });
  });

  app.post("/api/v1/alerts/:fingerprint/resolve", requireScope("admin"), async (c) => {
    const actor = c.get("actor");
    const fingerprint = c.req.param("fingerprint");
    const request: HandRequest = {
      to: { receiver: "", group: "", fingerprints: [fingerprint] },
      action: { do: "resolve" },
      by: actor.name,
    };
    const router = c.get("deps").objects(actor.projectId).alertRouter();
    const { outcome } = JSON.parse(await router.byHand(JSON.stringify(request))) as HandAnswer;
    if (outcome.did !== "resolved" || outcome.alerts === 0) return notFiring(c, fingerprint);
    return c.json({ fingerprint, resolved_by: actor.name });
  });

  return app;
}

function json(c: Context<AppEnv>, text: string): Response {
  return c.body(text, 200, { "content-type": "application/json" });
}

function notFiring(c: Context<AppEnv>, fingerprint: string): Response {
  return problem(c, {
    status: 404,
    code: "alert_not_firing",
    detail: `no alert that fires has the fingerprint ${fingerprint}`,
  });
}

const FILTERS: readonly (readonly [
  parameter: string,
  field: keyof AlertQuery,
  allowed?: readonly string[],
])[] = [
  ["name", "name"],
  ["severity", "severity"],
  ["fingerprint", "fingerprint"],
  ["status", "status", ["firing", "resolved"]],
  ["q", "text"],
];
