import { type Context, Hono } from "hono";
import type { ConfigRefusal } from "../../alerting/config-error";
import { parseRouterConfig } from "../../alerting/config-parse";
import { redactSecrets, restoreSecrets } from "../../alerting/config-secrets";
import { loadRouterYaml } from "../../alerting/effective-config";
import { checkOutgoingUrl } from "../../core/outgoing-url";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";

const MAX_BODY = 1024 * 1024;

/** `/config/v1/alertmanager`: Alertmanager's YAML. Secrets come back as `<secret>`, and stay where that is put. */
export function alertmanagerConfigRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/config/v1/alertmanager", requireScope("admin"), async (c) => {
    const deps = c.get("deps");
    const configs = deps.configStore(c.get("actor").projectId);
    const yaml = await loadRouterYaml(configs, deps.config.local);
    return c.body(redactSecrets(yaml), 200, { "content-type": "application/yaml; charset=utf-8" });
  });

  app.put("/config/v1/alertmanager", requireScope("admin"), put);
  app.post("/config/v1/alertmanager", requireScope("admin"), put);
  return app;
}

async function put(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  const configs = deps.configStore(actor.projectId);
  const current = await configs.get("alertmanager", "default");
  const restored = restoreSecrets(text.value, current?.body);
  if (!restored.ok) return refused(c, restored.error);
  const parsed = parseRouterConfig(restored.value, (url) => {
    const checked = checkOutgoingUrl(url, deps.config.local);
    return checked.ok ? undefined : checked.error.message;
  });
  if (!parsed.ok) return refused(c, parsed.error);
  const stored = await configs.put("alertmanager", "default", restored.value, actor.name);
  await deps.objects(actor.projectId).alertRouter().configure(JSON.stringify(parsed.value));
  return c.json({
    version: stored.version,
    updated_at: new Date(stored.updatedAtMs).toISOString(),
    receivers: parsed.value.receivers.map((r) => r.name),
  });
}

function refused(c: Context<AppEnv>, r: ConfigRefusal): Response {
  return problem(c, {
    status: r.reason === "too_large" ? 413 : 400,
    code: `config_${r.reason}`,
    detail: r.message,
    where: `${r.line}:${r.column}`,
  });
}
