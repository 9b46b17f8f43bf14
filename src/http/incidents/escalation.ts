import { Hono } from "hono";
import { configInForce } from "../../alerting/effective-config";
import { defaultEscalation, parseEscalation, renderEscalation } from "../../incidents/policy";
import { receiverNames } from "../../incidents/receivers";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";

const MAX_BODY = 64 * 1024;

/** `/config/v1/escalation`: who is notified when nobody acknowledges (src/incidents/policy.ts). */
export function escalationRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/config/v1/escalation", requireScope("read"), async (c) => {
    const deps = c.get("deps");
    const { projectId } = c.get("actor");
    const configs = deps.configStore(projectId);
    const document = await configs.get("escalation", "default");
    const router =
      document === undefined ? await configInForce(deps.objects(projectId)) : undefined;
    const text =
      document?.body ??
      renderEscalation(
        defaultEscalation(router?.route.receiver ?? "", router?.route.receiver ?? ""),
      );
    return c.body(text, 200, { "content-type": "application/yaml; charset=utf-8" });
  });

  app.put("/config/v1/escalation", requireScope("admin"), async (c) => {
    const deps = c.get("deps");
    const actor = c.get("actor");
    const text = await readText(c, "yaml", MAX_BODY);
    if (!text.ok) return problem(c, text.error);
    const configs = deps.configStore(actor.projectId);
    const parsed = parseEscalation(
      text.value,
      receiverNames(await configInForce(deps.objects(actor.projectId))),
    );
    if (!parsed.ok) {
      const { reason, message, line, column } = parsed.error;
      return problem(c, {
        status: 400,
        code: `escalation_${reason}`,
        detail: message,
        where: `${line}:${column}`,
      });
    }
    const stored = await configs.put("escalation", "default", text.value, actor.name);
    return c.json({ version: stored.version, policies: Object.keys(parsed.value) });
  });
  return app;
}
