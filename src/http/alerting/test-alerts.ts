import { type Context, Hono } from "hono";
import * as z from "zod";
import type { Explanation } from "../../alerting/explain";
import { fingerprint } from "../../alerting/fingerprint";
import type { ActiveAlert, NotificationLogEntry } from "../../alerting/model";
import type { StringMap } from "../../core/alerts";
import { parseDuration } from "../../core/duration";
import { textOf } from "../../core/long-text";
import type { AlertRouterRpc } from "../../core/objects";
import type { PastNotification } from "../../notify/history";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { problem } from "../problem";

const MAX_BODY = 64 * 1024;
/** Tells a test alert from every other: in each message, and for whoever asks what became of it. */
export const TEST_LABEL = "vedette_test";
const MIN_MS = 1_000;
const MAX_MS = 3_600_000;
const LOG_ENTRIES = 2_000;
const MAX_SHOWN = 500;

const labels = z
  .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().max(4_000))
  .refine((r) => Object.keys(r).length <= 100, "has at most 100 labels");

export const ExplainBody = z.strictObject({ labels });

export const TestAlertBody = z.strictObject({
  labels: labels.default({}),
  annotations: labels.default({}),
  resolve_after: z
    .string()
    .default("1m")
    .transform((text, ctx) => {
      const parsed = parseDuration(text);
      if (parsed.ok && parsed.value >= MIN_MS && parsed.value <= MAX_MS) return parsed.value;
      ctx.addIssue({ code: "custom", message: "must be a duration from 1s to 1h" });
      return z.NEVER;
    }),
});

/** A test alert through the whole chain, and what the chain says of any labels. */
export function testAlertRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.post("/api/v1/alerts/explain", requireScope("read"), async (c) => {
    const body = await readJson(c, ExplainBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    return c.json(await explained(routerOf(c), body.value.labels));
  });

  app.post("/api/v1/alerts/test", requireScope("admin"), async (c) => {
    const body = await readJson(c, TestAlertBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const deps = c.get("deps");
    const id = deps.newId().replaceAll("-", "").slice(0, 16);
    const now = deps.clock();
    const marked = { alertname: "TestAlert", ...body.value.labels, [TEST_LABEL]: id };
    const router = routerOf(c);
    // What the chain makes of it before it is in.
    const before = await explained(router, marked);
    await router.receive({
      source: `test/${id}`,
      generation: 1,
      evaluatedAtMs: now,
      alerts: [
        {
          labels: marked,
          annotations: {
            description: `${c.get("actor").name} tests the notifications. Nothing is wrong.`,
            ...body.value.annotations,
            summary: `[TEST] ${body.value.annotations["summary"] ?? "Nothing is wrong."}`,
          },
          startsAtMs: now,
          // Nobody repeats it, so that it expires by itself.
          endsAtMs: now + body.value.resolve_after,
          status: "firing",
          generatorUrl: "",
          value: 1,
        },
      ],
    });
    const ends = now + body.value.resolve_after;
    return c.json({ id, resolves_at_ms: ends, ...before }, 202);
  });

  app.get("/api/v1/alerts/test/:id", requireScope("read"), async (c) => {
    const deps = c.get("deps");
    const { projectId } = c.get("actor");
    const found = await findTest(c, c.req.param("id"));
    if (found === undefined)
      return problem(c, {
        status: 404,
        code: "test_alert_unknown",
        detail: "there is no test alert of this id, or it is still on its way",
      });
    const router = routerOf(c);
    const [explanation, log, stored] = await Promise.all([
      explained(router, found.labels),
      router.notificationLog(LOG_ENTRIES),
      deps.notificationHistory(projectId).search({
        fromMs: found.startsAtMs - 60_000,
        toMs: Number.MAX_SAFE_INTEGER,
        alert: fingerprint(found.labels),
        limit: MAX_SHOWN,
      }),
    ]);
    // The router's own log is ahead of the history by the way to D1.
    const ids = new Set(stored.map((n) => n.id));
    const ahead = (JSON.parse(log) as NotificationLogEntry[]).filter(
      (e) => !ids.has(e.id) && speaksOf(e, explanation.fingerprint),
    );
    return c.json({
      id: c.req.param("id"),
      status: found.endedAtMs === null ? "firing" : "resolved",
      starts_at_ms: found.startsAtMs,
      ended_at_ms: found.endedAtMs,
      ...explanation,
      notifications: [...ahead.map(undelivered), ...stored],
    });
  });

  return app;
}

const routerOf = (c: Context<AppEnv>): AlertRouterRpc =>
  c.get("deps").objects(c.get("actor").projectId).alertRouter();

async function explained(router: AlertRouterRpc, of: StringMap): Promise<Explanation> {
  return JSON.parse(await router.explain(JSON.stringify(of))) as Explanation;
}

interface FoundTest {
  readonly labels: StringMap;
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
}

/** In the router as long as it fires, in the history afterwards. */
async function findTest(c: Context<AppEnv>, id: string): Promise<FoundTest | undefined> {
  const active = JSON.parse(await textOf(await routerOf(c).activeAlerts())) as ActiveAlert[];
  const live = active.find((a) => a.labels[TEST_LABEL] === id);
  if (live !== undefined)
    return {
      labels: live.labels,
      startsAtMs: live.startsAtMs,
      endedAtMs: live.status === "resolved" ? live.endsAtMs : null,
    };
  const [past] = await c
    .get("deps")
    .alertHistory(c.get("actor").projectId)
    .search({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, labels: { [TEST_LABEL]: id }, limit: 1 });
  return past;
}

function speaksOf(e: NotificationLogEntry, f: string): boolean {
  return e.firing.includes(f) || e.resolved.includes(f) || Object.hasOwn(e.suppressed, f);
}

function undelivered(e: NotificationLogEntry): PastNotification {
  return {
    ...e,
    alertNames: e.alertNames ?? [],
    outcome: null,
    attempts: 0,
    lastAttemptMs: null,
    latencyMs: null,
    statusCode: null,
    error: null,
    response: null,
    deliveries: [],
  };
}
