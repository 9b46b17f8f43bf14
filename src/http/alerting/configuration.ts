import { type Context, Hono } from "hono";
import { bundleText, readBundle } from "../../alerting/config-bundle";
import type { ConfigRefusal } from "../../alerting/config-error";
import { redactBundle } from "../../alerting/bundle-secrets";
import { loadStoredBundle } from "../../alerting/effective-config";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";
import { type Checked, checkBundle, putInForce } from "./in-force";

const MAX_BODY = 1024 * 1024;

/**
 * `/config/v1/alertmanager`: Alertmanager's YAML, or a bundle of it with its templates and files. Secrets come back as
 * `<secret>`, and stay where that is put.
 */
export function alertmanagerConfigRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/config/v1/alertmanager", requireScope("admin"), async (c) => {
    const deps = c.get("deps");
    const configs = deps.configStore(c.get("actor").projectId);
    const { bundle } = await loadStoredBundle(configs, deps.config.local);
    const shown = redactBundle(bundle);
    if ((c.req.header("accept") ?? "").includes("application/json"))
      return c.json({
        alertmanager_config: shown.alertmanagerConfig,
        template_files: shown.templateFiles,
        files: shown.files,
      });
    return c.body(shown.alertmanagerConfig, 200, {
      "content-type": "application/yaml; charset=utf-8",
    });
  });

  app.put("/config/v1/alertmanager", requireScope("admin"), put);
  app.post("/config/v1/alertmanager", requireScope("admin"), put);
  return app;
}

async function put(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name } = c.get("actor");
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  const given = readBundle(text.value);
  if (!given.ok) return refused(c, given.error);
  const checked = await checkBundle(deps, projectId, given.value);
  if (!checked.ok) return refused(c, checked.error);
  if (isSet(c, "check")) return c.json({ valid: true, ...summaryOf(checked.value) });
  const stored = await deps
    .configStore(projectId)
    .put("alertmanager", "default", bundleText(checked.value.sealed), name);
  await putInForce(deps, projectId, checked.value);
  return c.json({
    version: stored.version,
    updated_at: new Date(stored.updatedAtMs).toISOString(),
    ...summaryOf(checked.value),
  });
}

function summaryOf({ config }: Checked): object {
  return { receivers: config.receivers.map((r) => r.name) };
}

/** `?strict`, `?strict=1` and `?strict=true`, as flags of a query go. */
function isSet(c: Context<AppEnv>, name: string): boolean {
  const value = c.req.query(name);
  return value !== undefined && value !== "0" && value !== "false";
}

function refused(c: Context<AppEnv>, r: ConfigRefusal): Response {
  return problem(c, {
    status: r.reason === "too_large" ? 413 : 400,
    code: `config_${r.reason}`,
    detail: r.message,
    where: `${r.line}:${r.column}`,
  });
}
