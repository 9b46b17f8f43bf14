import { Hono } from "hono";
import { parseFiguresConfig } from "../../live/figures-config";
import { type FigureDefinition, figuresToJson } from "../../live/figures";
import { parseExpr, renderParseError } from "../../promql";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";

const MAX_BODY = 64 * 1024;

/** `/config/v1/figures`: what the live page's numbers are. PUT replaces, DELETE goes back to the defaults. */
export function figureRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/config/v1/figures", requireScope("read"), async (c) => {
    const document = await c
      .get("deps")
      .configStore(c.get("actor").projectId)
      .get("figures", "default");
    const parsed = parseFiguresConfig(document?.body);
    if (!parsed.ok)
      return problem(c, {
        status: 500,
        code: "figures_unreadable",
        detail: parsed.error.message,
        where: parsed.error.where,
      });
    return c.json(figuresToJson(parsed.value));
  });

  app.put("/config/v1/figures", requireScope("admin"), async (c) => {
    const text = await readText(c, "json", MAX_BODY);
    if (!text.ok) return problem(c, text.error);
    const parsed = parseFiguresConfig(text.value);
    if (!parsed.ok)
      return problem(c, {
        status: 400,
        code: "figures_invalid",
        detail: parsed.error.message,
        where: parsed.error.where,
      });
    const broken = firstBroken(parsed.value);
    if (broken !== undefined)
      return problem(c, { status: 400, code: "expression_invalid", ...broken });
    const { projectId, name } = c.get("actor");
    await c.get("deps").configStore(projectId).put("figures", "default", text.value, name);
    return c.json(figuresToJson(parsed.value));
  });

  app.delete("/config/v1/figures", requireScope("admin"), async (c) => {
    const { projectId, name } = c.get("actor");
    await c.get("deps").configStore(projectId).remove("figures", "default", name);
    return c.body(null, 204);
  });

  return app;
}

function firstBroken(
  definitions: readonly FigureDefinition[],
): { readonly detail: string; readonly where: string } | undefined {
  for (const { key, expr } of definitions) {
    if (expr === undefined) continue;
    const parsed = parseExpr(expr);
    if (!parsed.ok) return { detail: renderParseError(parsed.error), where: `/${key}/expr` };
  }
  return undefined;
}
