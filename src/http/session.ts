import { Hono } from "hono";
import * as z from "zod";
import { mayDo } from "../core/auth";
import { authenticate } from "./auth/authenticate";
import { refusalToProblem, requireScope } from "./auth/require";
import { endSession, makeSession } from "./auth/session";
import type { AppEnv } from "./deps";
import { readJson } from "./json";
import { problem } from "./problem";

const MAX_BODY = 4_096;
/** What `POST /session` takes. */
export const LoginBody = z.strictObject({ token: z.string().min(1).max(300) });

/** `/session`: a token once, an HttpOnly cookie from then on. */
export function sessionRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.post("/session", async (c) => {
    // JSON from another site needs a preflight that nobody answers: no page can log its visitor in as somebody else.
    if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
      return problem(c, {
        status: 415,
        code: "content_type",
        detail: "send application/json",
        where: "Content-Type",
      });
    }
    const body = await readJson(c, LoginBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const deps = c.get("deps");
    const token = body.value.token.trim();
    // What no header can carry is no token either.
    if (!/^[!-~]+$/.test(token)) return problem(c, refusalToProblem({ reason: "unknown_token" }));
    const asking = new Request(c.req.url, { headers: { authorization: `Bearer ${token}` } });
    const actor = await authenticate(deps, asking, ["read"]);
    if (!actor.ok) return problem(c, refusalToProblem(actor.error));
    const secure = new URL(c.req.url).protocol === "https:";
    c.header("set-cookie", await makeSession(deps.config.tokenSecret, token, deps.clock(), secure));
    c.header("cache-control", "no-store");
    return c.json(who(actor.value));
  });

  app.get("/session", requireScope("read"), (c) => {
    c.header("cache-control", "no-store");
    return c.json(who(c.get("actor")));
  });

  app.delete("/session", (c) => {
    c.header("set-cookie", endSession());
    return c.body(null, 204);
  });

  return app;
}

function who(actor: AppEnv["Variables"]["actor"]): {
  readonly project: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly admin: boolean;
} {
  return {
    project: actor.projectId,
    name: actor.name,
    scopes: actor.scopes,
    admin: mayDo(actor.scopes, "admin"),
  };
}
