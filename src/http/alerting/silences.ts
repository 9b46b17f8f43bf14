import { type Context, Hono } from "hono";
import * as z from "zod";
import { checkMatcher } from "../../alerting/matcher-text";
import type { Silence } from "../../alerting/model";
import type { SilenceInput, SilenceRefusal } from "../../alerting/silence-input";
import type { SilenceState } from "../../alerting/silences";
import type { Matcher, MatchType } from "../../core/matchers";
import type { Result } from "../../core/result";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { type Problem, problem } from "../problem";

const MAX_BODY = 64 * 1024;

const time = z.iso.datetime({ offset: true }).transform((t) => Date.parse(t));

/** The shape of Alertmanager's postableSilence. */
export const SilenceBody = z.strictObject({
  id: z.string().max(100).optional(),
  matchers: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(1_000),
        value: z.string().max(10_000),
        isRegex: z.boolean().default(false),
        isEqual: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(100),
  startsAt: time,
  endsAt: time,
  createdBy: z.string().max(200).optional(),
  comment: z.string().max(5_000).default(""),
});

/** `/api/v1/silences`, in the fields of Alertmanager's own. */
export function silenceRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/silences", requireScope("read"), async (c) => {
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    const list = JSON.parse(await router.silences()) as (Silence & { state: SilenceState })[];
    return c.json({ silences: list.map(shown) });
  });

  app.post("/api/v1/silences", requireScope("admin"), async (c) => {
    const body = await readJson(c, SilenceBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const matchers: Matcher[] = body.value.matchers.map((m) => ({
      type: typeOf(m.isRegex, m.isEqual),
      name: m.name,
      value: m.value,
    }));
    for (const [i, m] of matchers.entries()) {
      const checked = checkMatcher(m);
      if (!checked.ok)
        return problem(c, {
          status: 400,
          code: "matcher_invalid",
          detail: checked.error,
          where: `/matchers/${i}`,
        });
    }
    const input: SilenceInput = {
      id: body.value.id,
      matchers,
      startsAtMs: body.value.startsAt,
      endsAtMs: body.value.endsAt,
      createdBy: body.value.createdBy ?? c.get("actor").name,
      comment: body.value.comment,
    };
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    const made = JSON.parse(await router.putSilence(JSON.stringify(input))) as Result<
      Silence,
      SilenceRefusal
    >;
    if (!made.ok) return problem(c, refusal(made.error));
    return c.json({ silenceID: made.value.id }, 201);
  });

  app.delete("/api/v1/silences/:id", requireScope("admin"), expire);
  return app;
}

async function expire(c: Context<AppEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
  if (await router.expireSilence(id)) return c.body(null, 204);
  return problem(c, {
    status: 404,
    code: "silence_unknown",
    detail: `no silence that is still to end has the id ${id}`,
  });
}

function refusal(r: SilenceRefusal): Problem {
  switch (r.reason) {
    case "no_matchers":
      return { status: 400, code: r.reason, detail: "a silence needs at least one matcher" };
    case "matches_everything":
      return {
        status: 400,
        code: r.reason,
        detail: "at least one matcher must not match the empty text",
      };
    case "ends_before_it_starts":
      return { status: 400, code: r.reason, detail: "endsAt must lie after startsAt" };
    case "ended_already":
      return { status: 400, code: r.reason, detail: "endsAt lies in the past" };
    case "unknown_id":
      return { status: 404, code: "silence_unknown", detail: `there is no silence ${r.id}` };
    case "too_many":
      return {
        status: 429,
        code: "silences_too_many",
        detail: `a project has at most ${r.limit} silences`,
        limit: { name: "silences", value: r.limit, raise: "expire silences that are not needed" },
      };
  }
}

function shown(s: Silence & { readonly state: SilenceState }): Record<string, unknown> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    id: s.id,
    status: { state: s.state },
    matchers: s.matchers.map((m) => ({
      name: m.name,
      value: m.value,
      isRegex: m.type.endsWith("~"),
      isEqual: m.type.startsWith("="),
    })),
    startsAt: iso(s.startsAtMs),
    endsAt: iso(s.endsAtMs),
    updatedAt: iso(s.updatedAtMs),
    createdBy: s.createdBy,
    comment: s.comment,
  };
}

function typeOf(isRegex: boolean, isEqual: boolean): MatchType {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}
