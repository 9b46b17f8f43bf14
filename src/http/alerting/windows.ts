import { type Context, Hono } from "hono";
import * as z from "zod";
import type { WindowInput, WindowRefusal } from "../../alerting/window-input";
import type { WindowView } from "../../alerting/windows";
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
  iso,
  readMatchers,
  shownMatchers,
  shownTimes,
} from "./schedule-body";

const MAX_BODY = 64 * 1024;

export const WindowBody = z.strictObject({
  name: z.string().min(1).max(200),
  matchers: MatchersBody,
  ...TimesBody,
  /** The receiver that is told of starts and ends. */
  notify: z.string().min(1).max(200).optional(),
  comment: z.string().max(5_000).default(""),
});

/** `/api/v1/maintenance-windows`. */
export function windowRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/maintenance-windows", requireScope("read"), async (c) => {
    const list = JSON.parse(await routerOf(c).windows()) as WindowView[];
    return c.json({ windows: list.map(shown) });
  });
  app.post("/api/v1/maintenance-windows", requireScope("admin"), async (c) => put(c, undefined));
  app.put("/api/v1/maintenance-windows/:id", requireScope("admin"), async (c) =>
    put(c, c.req.param("id")),
  );
  app.delete("/api/v1/maintenance-windows/:id", requireScope("admin"), async (c) => {
    const id = c.req.param("id");
    if (await routerOf(c).cancelWindow(id, c.get("actor").name)) return c.body(null, 204);
    return problem(c, {
      status: 404,
      code: "window_unknown",
      detail: `no maintenance window that is still to end has the id ${id}`,
    });
  });
  return app;
}

async function put(c: Context<AppEnv>, id: string | undefined): Promise<Response> {
  const body = await readJson(c, WindowBody, MAX_BODY);
  if (!body.ok) return problem(c, body.error);
  const matchers = readMatchers(body.value.matchers);
  if (!matchers.ok) return problem(c, matchers.error);
  const { startsAt: startsAtMs, endsAt: endsAtMs, ...rest } = body.value;
  const input: WindowInput = { ...rest, id, matchers: matchers.value, startsAtMs, endsAtMs };
  // JSON of Result<WindowView, WindowRefusal>, as AlertRouterRpc.putWindow says.
  const made = JSON.parse(
    await routerOf(c).putWindow(JSON.stringify(input), c.get("actor").name),
  ) as Result<WindowView, WindowRefusal>;
  if (!made.ok) return problem(c, refusal(made.error));
  return c.json(shown(made.value), id === undefined ? 201 : 200);
}

const routerOf = (c: Context<AppEnv>): AlertRouterRpc =>
  c.get("deps").objects(c.get("actor").projectId).alertRouter();

function refusal(r: WindowRefusal): Problem {
  switch (r.reason) {
    case "unknown_id":
      return {
        status: 404,
        code: "window_unknown",
        detail: `there is no maintenance window ${r.id}`,
      };
    case "over":
      return {
        status: 409,
        code: "window_over",
        detail: "it is cancelled or has ended; make another one",
      };
    case "receiver_unknown":
      return {
        status: 400,
        code: "receiver_unknown",
        detail: `there is no receiver ${JSON.stringify(r.name)}`,
        where: "/notify",
      };
    case "too_many":
      return {
        status: 429,
        code: "windows_too_many",
        detail: `a project has at most ${r.limit} maintenance windows`,
        limit: {
          name: "maintenance windows",
          value: r.limit,
          raise: "cancel windows that are not needed",
        },
      };
    default:
      return commonRefusal(r);
  }
}

function shown(w: WindowView): Record<string, unknown> {
  return {
    id: w.id,
    name: w.name,
    state: w.state,
    matchers: shownMatchers(w.matchers),
    ...shownTimes({ ...w, ...(w.running === undefined ? {} : { occurrence: w.running }) }),
    ...(w.notify === undefined ? {} : { notify: w.notify }),
    comment: w.comment,
    createdBy: w.createdBy,
    createdAt: iso(w.createdAtMs),
    updatedAt: iso(w.updatedAtMs),
    events: w.events.map((e) => ({ kind: e.kind, at: iso(e.atMs), by: e.by })),
  };
}
