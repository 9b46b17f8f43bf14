import { Hono } from "hono";
import * as z from "zod";
import type { Scope, TokenRecord } from "../core/auth";
import { sameSecret, makeToken } from "./auth/token";
import { requireScope } from "./auth/require";
import type { AppEnv, Deps } from "./deps";
import { problem } from "./problem";
import { readJson } from "./json";

const SCOPES = ["ingest", "beacon", "read", "admin"] as const satisfies readonly Scope[];
const MAX_BODY = 16 * 1024;

/** What `POST /config/v1/tokens` takes. */
export const TokenBody = z.strictObject({
  name: z.string().min(1).max(80),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** Origins a beacon token may be used from, e.g. https://shop.example. */
  origins: z
    .array(z.string().regex(/^https?:\/\/[^/,\s]+$/))
    .max(50)
    .default([]),
});

/** `/config/v1/tokens`: made, listed, revoked. A token is shown once, when it is made. */
export function tokenRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/config/v1/tokens", requireScope("admin"), async (c) => {
    const records = await c.get("deps").tokens.list(c.get("actor").projectId);
    return c.json({ tokens: records.map(shown) });
  });

  app.post("/config/v1/tokens", requireScope("admin"), async (c) => {
    const body = await readJson(c, TokenBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const { name, scopes, origins } = body.value;
    if (scopes.includes("beacon") && scopes.length > 1) {
      return problem(c, {
        status: 400,
        code: "beacon_scope_alone",
        detail: "a beacon token is public, so it can have no other scope",
        where: "/scopes",
      });
    }
    const actor = c.get("actor");
    const made = await issue(c.get("deps"), {
      projectId: actor.projectId,
      name,
      scopes,
      origins,
      by: actor.name,
    });
    await c.get("deps").tokens.add(made.record);
    return c.json({ token: made.token, ...shown(made.record) }, 201);
  });

  app.delete("/config/v1/tokens/:id", requireScope("admin"), async (c) => {
    const deps = c.get("deps");
    const id = c.req.param("id");
    const done = await deps.tokens.revoke(c.get("actor").projectId, id, deps.clock());
    if (!done)
      return problem(c, {
        status: 404,
        code: "token_unknown",
        detail: `no active token has the id ${id}`,
      });
    return c.body(null, 204);
  });

  // The first admin token of a deployment: `npm run token:first -- https://…` (README, "First deployment").
  app.post("/config/v1/bootstrap", async (c) => {
    const deps = c.get("deps");
    const wanted = deps.config.bootstrapSecret;
    if (wanted === undefined)
      return problem(c, {
        status: 404,
        code: "bootstrap_off",
        detail: "BOOTSTRAP_SECRET is not set: wrangler secret put BOOTSTRAP_SECRET",
      });
    const given = c.req.header("authorization")?.replace(/^bearer\s+/i, "") ?? "";
    if (!(await sameSecret(given, wanted)))
      return problem(c, {
        status: 401,
        code: "bootstrap_refused",
        detail: "this is not the deployment's BOOTSTRAP_SECRET",
      });
    const made = await issue(deps, {
      projectId: "default",
      name: "first admin",
      scopes: ["admin"],
      origins: [],
      by: "bootstrap",
    });
    const added = await deps.tokens.addFirstAdmin(made.record);
    if (!added)
      return problem(c, {
        status: 409,
        code: "bootstrap_done",
        detail: "this deployment has an admin token already; make further ones with it",
      });
    return c.json({ token: made.token, ...shown(made.record) }, 201);
  });

  return app;
}

interface Wish {
  readonly projectId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly origins: readonly string[];
  readonly by: string;
}

async function issue(
  deps: Deps,
  wish: Wish,
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  const id = deps.newId().replaceAll("-", "").slice(0, 20);
  const token = await makeToken(deps.config.tokenSecret, {
    projectId: wish.projectId,
    id,
    scopes: wish.scopes,
  });
  const record: TokenRecord = {
    id,
    projectId: wish.projectId,
    name: wish.name,
    scopes: wish.scopes,
    origins: wish.origins,
    createdAtMs: deps.clock(),
    createdBy: wish.by,
    revokedAtMs: null,
  };
  return { token, record };
}

function shown(r: TokenRecord): Record<string, unknown> {
  return {
    id: r.id,
    name: r.name,
    scopes: r.scopes,
    origins: r.origins,
    created_at: new Date(r.createdAtMs).toISOString(),
    created_by: r.createdBy,
    revoked_at: r.revokedAtMs === null ? null : new Date(r.revokedAtMs).toISOString(),
  };
}
