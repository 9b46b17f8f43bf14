import { Hono } from "hono";
import * as z from "zod";
import { unreachable } from "../../core/result";
import type { CommandRefusal } from "../../incidents/lifecycle";
import type { Command, Incident } from "../../incidents/model";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { type Problem, problem } from "../problem";
import type { Context } from "hono";

const MAX_BODY = 16 * 1024;
const INCIDENT_ID = /^[\w-]{1,100}$/;
const Limit = z.coerce.number().int().min(1).max(500).default(50);
const Status = z.enum(["open", "acknowledged", "resolved"]).optional();

const Empty = z.strictObject({});
export const ResolveBody = z.strictObject({ note: z.string().max(4_000).optional() });
export const AssignBody = z.strictObject({ assignee: z.string().min(1).max(120) });
export const NoteBody = z.strictObject({ text: z.string().min(1).max(4_000) });

/** `/api/v1/incidents`: the list, one with its timeline, and what a person may do. */
export function incidentRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/incidents", requireScope("read"), async (c) => {
    const limit = Limit.safeParse(c.req.query("limit"));
    const status = Status.safeParse(c.req.query("status"));
    if (!limit.success)
      return problem(c, {
        status: 400,
        code: "limit_wrong",
        detail: "limit is a whole number from 1 to 500",
        where: "limit",
      });
    if (!status.success)
      return problem(c, {
        status: 400,
        code: "status_wrong",
        detail: "status is open, acknowledged or resolved",
        where: "status",
      });
    const filter = {
      limit: limit.data,
      ...(status.data === undefined ? {} : { status: status.data }),
    };
    const incidents = await c.get("deps").incidents(c.get("actor").projectId).list(filter);
    return c.json({ incidents: incidents.map(inList) });
  });

  app.get("/api/v1/incidents/:id", requireScope("read"), async (c) => {
    const found = await find(c);
    return found === undefined ? missing(c) : c.json(whole(found));
  });

  app.post("/api/v1/incidents/:id/acknowledge", requireScope("admin"), async (c) =>
    act(c, Empty, () => ({ do: "acknowledge" })),
  );
  app.post("/api/v1/incidents/:id/resolve", requireScope("admin"), async (c) =>
    act(c, ResolveBody, (b) =>
      b.note === undefined ? { do: "resolve" } : { do: "resolve", note: b.note },
    ),
  );
  app.post("/api/v1/incidents/:id/assign", requireScope("admin"), async (c) =>
    act(c, AssignBody, (b) => ({ do: "assign", assignee: b.assignee })),
  );
  app.post("/api/v1/incidents/:id/notes", requireScope("admin"), async (c) =>
    act(c, NoteBody, (b) => ({ do: "note", text: b.text })),
  );
  return app;
}

/** The object has the newest state; D1 has incidents whose object is long gone. */
async function find(c: Context<AppEnv>): Promise<Incident | undefined> {
  const { projectId } = c.get("actor");
  const id = c.req.param("id") ?? "";
  // Nothing of another shape is given out; an object's name ends at 1,024 bytes besides.
  if (!INCIDENT_ID.test(id)) return undefined;
  const listed = await c.get("deps").incidents(projectId).get(id);
  if (listed?.status === "resolved") return listed;
  // An id that was never listed gets no object made for it, unless D1 lags behind the object.
  const json = await c.get("deps").objects(projectId).incident(id).get();
  return json === null ? listed : (JSON.parse(json) as Incident);
}

async function act<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  toCommand: (body: T) => Command,
): Promise<Response> {
  const empty =
    c.req.header("content-length") === "0" ||
    (c.req.raw.body === null && c.req.header("content-length") === undefined);
  const body = empty ? schema.safeParse({}) : undefined;
  const read =
    body?.success === true
      ? { ok: true as const, value: body.data }
      : await readJson(c, schema, MAX_BODY);
  if (!read.ok) return problem(c, read.error);
  const actor = c.get("actor");
  if ((await find(c)) === undefined) return missing(c);
  const answer = await c
    .get("deps")
    .objects(actor.projectId)
    .incident(c.req.param("id") ?? "")
    .command(JSON.stringify(toCommand(read.value)), actor.name);
  const done = JSON.parse(answer) as
    | { ok: true; value: Incident }
    | { ok: false; error: CommandRefusal };
  return done.ok ? c.json(whole(done.value)) : problem(c, refusalToProblem(done.error));
}

function refusalToProblem(r: CommandRefusal): Problem {
  switch (r.reason) {
    case "not_open_yet":
      return { status: 404, code: "incident_unknown", detail: "there is no such incident" };
    case "already_acknowledged":
      return {
        status: 409,
        code: "incident_acknowledged",
        detail: `${r.by} acknowledged it already`,
      };
    case "already_resolved":
      return {
        status: 409,
        code: "incident_resolved",
        detail: "it is resolved; only notes can be added",
      };
    default:
      return unreachable(r);
  }
}

function missing(c: Context<AppEnv>): Response {
  return problem(c, {
    status: 404,
    code: "incident_unknown",
    detail: `there is no incident ${c.req.param("id")}`,
  });
}

function inList(i: Incident): Record<string, unknown> {
  return {
    id: i.id,
    title: i.title,
    severity: i.severity,
    status: i.status,
    assignee: i.assignee ?? null,
    alerts: i.alerts.length,
    alerts_firing: i.alerts.filter((a) => a.status === "firing").length,
    group_key: i.groupKey,
    opened_at: iso(i.openedAtMs),
    acknowledged_at: iso(i.acknowledgedAtMs),
    acknowledged_by: i.acknowledgedBy ?? null,
    resolved_at: iso(i.resolvedAtMs),
    resolved_by: i.resolvedBy ?? null,
  };
}

function whole(i: Incident): Record<string, unknown> {
  return {
    ...inList(i),
    receiver: i.receiver,
    group_labels: i.groupLabels,
    common_labels: i.commonLabels,
    common_annotations: i.commonAnnotations,
    alerts: i.alerts.map((a) => ({
      fingerprint: a.fingerprint,
      status: a.status,
      labels: a.labels,
      annotations: a.annotations,
      starts_at: iso(a.startsAtMs),
    })),
    escalation: {
      policy: i.escalation.policy.name,
      steps: i.escalation.policy.steps.map((s) => ({
        after_seconds: s.afterMs / 1000,
        receivers: s.receivers,
      })),
      next_step: i.escalation.nextStep + 1,
      round: i.escalation.round,
      due_at:
        i.status === "open" && i.escalation.held === undefined ? iso(i.escalation.dueAtMs) : null,
      held_by: i.escalation.held?.windows ?? [],
    },
    timeline: i.timeline.map((e) => ({
      at: iso(e.atMs),
      author: e.author,
      kind: e.kind,
      text: e.text,
    })),
  };
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
