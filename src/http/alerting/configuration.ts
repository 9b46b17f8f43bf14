import { type Context, Hono } from "hono";
import { type ConfigBundle, readBundle } from "../../alerting/config-bundle";
import type { ConfigRefusal } from "../../alerting/config-error";
import { readRouterConfig } from "../../alerting/config-parse";
import { redactBundle } from "../../alerting/bundle-secrets";
import { loadStoredBundle } from "../../alerting/effective-config";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";
import type { Result } from "../../core/result";
import { type ReadBundle, putInForce, readGiven, storeBundle } from "./in-force";

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
  const check = isSet(c, "check");
  if (given.value.secrets !== undefined && !check)
    return refused(c, {
      reason: "value_wrong",
      message: "/secrets: of a check alone; what is to stay is put at /config/v1/secrets",
      line: 1,
      column: 1,
    });
  const strict = isSet(c, "strict") || given.value.strict === true;
  const bundle = { ...given.value, ...(strict ? { strict } : {}) };
  const read = await readGiven(deps, projectId, bundle);
  if (check) return c.json(verdictOf(read, bundle));
  if (!read.ok) return refused(c, read.error);
  const [first, ...more] = read.value.undelivered;
  if (first !== undefined) return refused(c, first, more);
  const stored = await storeBundle(deps, projectId, read.value.sealed, name);
  await putInForce(deps, projectId, read.value);
  return c.json({
    version: stored.version,
    updated_at: new Date(stored.updatedAtMs).toISOString(),
    receivers: read.value.config.receivers.map((r) => r.name),
    warnings: read.value.warnings,
    notices: read.value.notices,
  });
}

/** What `?check=1` answers: Alertmanager's verdict, and whether Vedette could put the file in force. */
function verdictOf(read: Result<ReadBundle, ConfigRefusal>, given: ConfigBundle): object {
  // A `<secret>` that stands for nothing is a text like any other to Alertmanager.
  const unfilled =
    !read.ok && read.error.reason === "secret_unknown" && given.strict === true
      ? read.error
      : undefined;
  const judged = unfilled === undefined ? read : readRouterConfig(given, { strict: true });
  if (!judged.ok) return { valid: false, deliverable: false, error: shown(judged.error) };
  const { warnings, notices, config } = judged.value;
  // What else keeps it from being put in force may come of that.
  const undelivered = unfilled === undefined ? judged.value.undelivered : [unfilled];
  return {
    valid: true,
    deliverable: undelivered.length === 0,
    receivers: config.receivers.map((r) => r.name),
    warnings,
    notices,
    undelivered: undelivered.map(shown),
  };
}

function shown(r: ConfigRefusal): object {
  return { code: `config_${r.reason}`, detail: r.message, where: `${r.line}:${r.column}` };
}

/** A flag of the query is set by `?strict`, `?strict=1` and `?strict=true`. */
function isSet(c: Context<AppEnv>, name: string): boolean {
  const value = c.req.query(name);
  return value !== undefined && value !== "0" && value !== "false";
}

export function refused(
  c: Context<AppEnv>,
  r: ConfigRefusal,
  more: readonly ConfigRefusal[] = [],
): Response {
  const rest = more.map((m) => `${m.line}:${m.column}: ${m.message}`);
  return problem(c, {
    status: r.reason === "too_large" ? 413 : 400,
    code: `config_${r.reason}`,
    detail: [r.message, ...rest].join("\n"),
    where: `${r.line}:${r.column}`,
  });
}
