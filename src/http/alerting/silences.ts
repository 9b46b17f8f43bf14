import { type Context, Hono } from "hono";
import * as z from "zod";
import type { ActiveAlert, Silence } from "../../alerting/model";
import { matcherPredicate } from "../../alerting/routing";
import { type SilenceInput, type SilenceRefusal, matchersOf } from "../../alerting/silence-input";
import type { SilenceView } from "../../alerting/silences";
import { parseDuration } from "../../core/duration";
import type { Matcher } from "../../core/matchers";
import { textOf } from "../../core/long-text";
import type { AlertRouterRpc } from "../../core/objects";
import type { Result } from "../../core/result";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { type Problem, problem } from "../problem";
import {
  MatchersBody,
  TimesBody,
  commonRefusal,
  readMatchers,
  shownMatchers,
  shownSilence,
} from "./schedule-body";

const MAX_BODY = 64 * 1024;
const MAX_DURATION_MS = 366 * 86_400_000;

/** The shape of Alertmanager's postableSilence, with Vedette's own `schedule` in place of start and end. */
export const SilenceBody = z.strictObject({
  id: z.string().max(100).optional(),
  matchers: MatchersBody,
  ...TimesBody,
  createdBy: z.string().max(200).optional(),
  comment: z.string().max(5_000).default(""),
  annotations: z.record(z.string().max(1_000), z.string().max(10_000)).optional(),
});

/** A silence of one alert, by the labels that are named. */
export const AlertSilenceBody = z.strictObject({
  labels: z.array(z.string().min(1).max(1_000)).min(1).max(100).optional(),
  duration: z.string().min(1).max(50),
  comment: z.string().max(5_000).default(""),
});

/** `/api/v1/silences`, in the fields of Alertmanager's own. */
export function silenceRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/silences", requireScope("read"), async (c) => {
    const list = JSON.parse(await routerOf(c).silences()) as SilenceView[];
    return c.json({ silences: list.map(shownSilence) });
  });

  app.post("/api/v1/silences", requireScope("admin"), async (c) => {
    const body = await readJson(c, SilenceBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const matchers = readMatchers(body.value.matchers);
    if (!matchers.ok) return problem(c, matchers.error);
    const made = await put(routerOf(c), {
      id: body.value.id,
      matchers: matchers.value,
      startsAtMs: body.value.startsAt,
      endsAtMs: body.value.endsAt,
      schedule: body.value.schedule,
      createdBy: body.value.createdBy ?? c.get("actor").name,
      comment: body.value.comment,
      annotations: body.value.annotations,
    });
    if (!made.ok) return problem(c, refusal(made.error));
    return c.json({ silenceID: made.value.id }, 201);
  });

  app.delete("/api/v1/silences/:id", requireScope("admin"), expire);
  app.post("/api/v1/alerts/:fingerprint/silence", requireScope("admin"), silenceAlert);
  return app;
}

/** Silences what has the same values of some of an alert's labels; with `?preview=1` says what that would be. */
async function silenceAlert(c: Context<AppEnv>): Promise<Response> {
  const body = await readJson(c, AlertSilenceBody, MAX_BODY);
  if (!body.ok) return problem(c, body.error);
  const duration = parseDuration(body.value.duration);
  if (!duration.ok || duration.value <= 0 || duration.value > MAX_DURATION_MS)
    return problem(c, {
      status: 400,
      code: "json_invalid",
      detail: duration.ok ? "from 1ms to 366d" : duration.error,
      where: "/duration",
    });
  const router = routerOf(c);
  const alerts = JSON.parse(await textOf(await router.activeAlerts())) as ActiveAlert[];
  const fingerprint = c.req.param("fingerprint") ?? "";
  const alert = alerts.find((a) => a.fingerprint === fingerprint);
  if (alert === undefined)
    return problem(c, {
      status: 404,
      code: "alert_not_firing",
      detail: `no active alert has the fingerprint ${fingerprint}`,
    });
  const matchers = matchersOf(alert.labels, body.value.labels);
  if (!matchers.ok)
    return problem(c, {
      status: 400,
      code: "json_invalid",
      detail: `the alert has no label ${JSON.stringify(matchers.error.name)}`,
      where: "/labels",
    });
  const now = c.get("deps").clock();
  const times = { startsAtMs: now, endsAtMs: now + duration.value };
  const held = wouldHold(alerts, matchers.value);
  const shown = {
    matchers: shownMatchers(matchers.value),
    startsAt: new Date(times.startsAtMs).toISOString(),
    endsAt: new Date(times.endsAtMs).toISOString(),
    alerts: held.map(({ fingerprint: id, labels, status }) => ({
      fingerprint: id,
      labels,
      status,
    })),
  };
  if (c.req.query("preview") === "1") return c.json(shown);
  const made = await put(router, {
    matchers: matchers.value,
    ...times,
    createdBy: c.get("actor").name,
    comment: body.value.comment,
  });
  if (!made.ok) return problem(c, refusal(made.error));
  return c.json({ silenceID: made.value.id, ...shown }, 201);
}

function wouldHold(alerts: readonly ActiveAlert[], matchers: readonly Matcher[]): ActiveAlert[] {
  const matches = matcherPredicate(matchers);
  return alerts.filter((a) => a.status !== "resolved" && matches(a.labels));
}

async function put(
  router: AlertRouterRpc,
  input: SilenceInput,
): Promise<Result<Silence, SilenceRefusal>> {
  // As AlertRouterRpc.putSilence says.
  return JSON.parse(await router.putSilence(JSON.stringify(input))) as Result<
    Silence,
    SilenceRefusal
  >;
}

const routerOf = (c: Context<AppEnv>): AlertRouterRpc =>
  c.get("deps").objects(c.get("actor").projectId).alertRouter();

async function expire(c: Context<AppEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  if (await routerOf(c).expireSilence(id)) return c.body(null, 204);
  return problem(c, {
    status: 404,
    code: "silence_unknown",
    detail: `no silence that is still to end has the id ${id}`,
  });
}

function refusal(r: SilenceRefusal): Problem {
  switch (r.reason) {
    case "unknown_id":
      return { status: 404, code: "silence_unknown", detail: `there is no silence ${r.id}` };
    case "too_many":
      return {
        status: 429,
        code: "silences_too_many",
        detail: `a project has at most ${r.limit} silences`,
        limit: { name: "silences", value: r.limit, raise: "expire silences that are not needed" },
      };
    default:
      return commonRefusal(r);
  }
}
