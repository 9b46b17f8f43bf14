import { type Context, Hono } from "hono";
import * as z from "zod";
import { type SecretEntry, SECRET_NAME } from "../../core/secrets";
import { putInForce, readStored } from "../alerting/in-force";
import { refused } from "../alerting/configuration";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { problem } from "../problem";

const MAX_BODY = 64 * 1024;
/** Of one project: all are opened whenever a configuration is read. */
const MAX_SECRETS = 500;

/** What `PUT /config/v1/secrets/<NAME>` takes. */
export const SecretBody = z.strictObject({ value: z.string().min(1).max(32_768) });

/** `/config/v1/secrets`: what `${NAME}` in a configuration file stands for. Values go in and never come out. */
export function secretRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/config/v1/secrets", requireScope("admin"), async (c) => {
    const entries = await c.get("deps").secrets(c.get("actor").projectId).list();
    return c.json({ secrets: entries.map(shown) });
  });
  app.put("/config/v1/secrets/:name", requireScope("admin"), put);
  app.delete("/config/v1/secrets/:name", requireScope("admin"), remove);
  return app;
}

async function put(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name: by } = c.get("actor");
  const name = c.req.param("name") ?? "";
  if (!SECRET_NAME.test(name))
    return problem(c, {
      status: 400,
      code: "secret_name_invalid",
      detail: `${JSON.stringify(name)} is no name of a secret: letters, digits and _, at most 128, no digit first`,
    });
  const body = await readJson(c, SecretBody, MAX_BODY);
  if (!body.ok) return problem(c, body.error);
  const store = deps.secrets(projectId);
  const values = new Map(await store.values());
  if (!values.has(name) && values.size >= MAX_SECRETS)
    return problem(c, {
      status: 409,
      code: "secrets_too_many",
      detail: `a project has at most ${MAX_SECRETS} secrets`,
      limit: { name: "secrets", value: MAX_SECRETS, raise: "delete those that nothing uses" },
    });
  values.set(name, { ok: true, value: body.value.value });
  const read = await readStored(deps, projectId, values);
  if (read?.ok === false) return refused(c, read.error);
  const inUse = read !== undefined && read.value.uses.has(name);
  const [first, ...more] = inUse ? read.value.undelivered : [];
  if (first !== undefined) return refused(c, first, more);
  const entry = await store.put(name, body.value.value, by);
  if (inUse) await putInForce(deps, projectId, read.value);
  return c.json({ ...shown(entry), in_use: inUse });
}

async function remove(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const name = c.req.param("name") ?? "";
  const store = deps.secrets(projectId);
  const values = await store.values();
  const read = values.has(name) ? await readStored(deps, projectId, values) : undefined;
  if (read?.ok === true && read.value.uses.has(name))
    return problem(c, {
      status: 409,
      code: "secret_in_use",
      detail: `the Alertmanager configuration in force uses \${${name}}: put one that does not, then delete the secret`,
    });
  if (!(await store.remove(name)))
    return problem(c, {
      status: 404,
      code: "secret_unknown",
      detail: `there is no secret ${JSON.stringify(name)}`,
    });
  return c.json({ deleted: name });
}

function shown(e: SecretEntry): object {
  return {
    name: e.name,
    updated_at: new Date(e.updatedAtMs).toISOString(),
    updated_by: e.updatedBy,
  };
}
