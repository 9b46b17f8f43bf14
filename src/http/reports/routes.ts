import { Hono } from "hono";
import { renderReportText } from "../../reports/daily";
import type { StoredReport } from "../../reports/store";
import { writeReport } from "../../jobs/daily-report";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";

const MAX_LISTED = 400;

/** `/api/v1/reports`: the reports that were written, one of them, and a preview of any day. */
export function reportRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/reports", requireScope("read"), async (c) => {
    const limit = Math.min(
      MAX_LISTED,
      Math.max(1, Math.trunc(Number(c.req.query("limit") ?? 60)) || 60),
    );
    const reports = await c.get("deps").reports(c.get("actor").projectId).list(limit);
    return c.json({ reports: reports.map(shown) });
  });

  // A day's report as it would be now, without writing or sending it.
  app.get("/api/v1/reports/preview", requireScope("read"), async (c) => {
    const day = c.req.query("date") ?? "";
    if (!isDay(day)) {
      return problem(c, {
        status: 400,
        code: "date_wrong",
        detail: "date is a day as YYYY-MM-DD, in UTC",
        where: "date",
      });
    }
    return c.json(await writeReport(c.get("deps"), c.get("actor").projectId, day));
  });

  app.get("/api/v1/reports/:id", requireScope("read"), async (c) => {
    const id = c.req.param("id");
    const found = await c.get("deps").reports(c.get("actor").projectId).get(id);
    if (found === undefined)
      return problem(c, {
        status: 404,
        code: "report_unknown",
        detail: `there is no report ${id}`,
      });
    if (c.req.query("format") === "text") {
      const { summary, description } = renderReportText(
        found.report,
        c.req.url.split("?")[0] ?? "",
      );
      return c.text(`${summary}\n\n${description}\n`);
    }
    return c.json(shown(found));
  });
  return app;
}

/** Date.parse takes 31 February for 3 March. */
function isDay(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

function shown(r: StoredReport): Record<string, unknown> {
  return {
    id: r.id,
    written_at: new Date(r.writtenAtMs).toISOString(),
    sent_at: r.sentAtMs === null ? null : new Date(r.sentAtMs).toISOString(),
    ...r.report,
  };
}
