import { type Context, Hono } from "hono";
import { configInForce } from "../../alerting/effective-config";
import { DEFAULT_WATCHED, parseAnomalies } from "../../anomalies/config";
import type { ConfigKind } from "../../core/config-store";
import type { Result } from "../../core/result";
import { receiverNames } from "../../incidents/receivers";
import { parseExpr } from "../../promql";
import { parseReportSettings } from "../../reports/settings";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { type Problem, problem } from "../problem";
import * as z from "zod";
import { DEFAULT_PERIODS } from "../../jobs/retention-periods";
import { parseRetention } from "./retention";
import { parseRollup } from "./rollup";

const MAX_BODY = 256 * 1024;

interface Wrong {
  readonly where: string;
  readonly message: string;
}

/** A small JSON configuration: where it lives, how it is checked, what holds while none was put. */
interface Setting {
  readonly kind: Extract<ConfigKind, "anomalies" | "reports" | "analytics_rollup" | "retention">;
  readonly path: string;
  readonly check: (value: unknown, c: Context<AppEnv>) => Promise<Wrong | undefined>;
  readonly otherwise: unknown;
}

const SETTINGS: readonly Setting[] = [
  {
    kind: "anomalies",
    path: "/config/v1/anomalies",
    check: checkAnomalies,
    otherwise: { series: DEFAULT_WATCHED },
  },
  {
    kind: "reports",
    path: "/config/v1/reports",
    check: checkReports,
    otherwise: { enabled: true },
  },
  {
    kind: "analytics_rollup",
    path: "/config/v1/analytics_rollup",
    check: async (v) => wrongOf(parseRollup(v)),
    otherwise: { selectors: [] },
  },
  {
    kind: "retention",
    path: "/config/v1/retention",
    check: async (v) => wrongOf(parseRetention(v)),
    otherwise: DEFAULT_PERIODS,
  },
];

/** `PUT` and `GET` of the JSON configurations: checked when put, versioned, the last one in force. */
export function settingRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const s of SETTINGS) {
    app.get(s.path, requireScope("read"), async (c) => {
      const document = await c
        .get("deps")
        .configStore(c.get("actor").projectId)
        .get(s.kind, "default");
      return c.body(document?.body ?? JSON.stringify(s.otherwise), 200, {
        "content-type": "application/json",
      });
    });
    app.put(s.path, requireScope("admin"), async (c) => {
      const body = await readJson(c, z.unknown(), MAX_BODY);
      if (!body.ok) return problem(c, body.error);
      const wrong = await s.check(body.value, c);
      if (wrong !== undefined) return problem(c, refusal(s, wrong));
      const actor = c.get("actor");
      const stored = await c
        .get("deps")
        .configStore(actor.projectId)
        .put(s.kind, "default", JSON.stringify(body.value), actor.name);
      return c.json({ version: stored.version });
    });
  }
  return app;
}

function refusal(s: Setting, wrong: Wrong): Problem {
  return { status: 400, code: `${s.kind}_invalid`, detail: wrong.message, where: wrong.where };
}

async function checkAnomalies(value: unknown): Promise<Wrong | undefined> {
  const parsed = parseAnomalies(value);
  if (!parsed.ok) return parsed.error;
  for (const [i, s] of parsed.value.entries()) {
    const expr = parseExpr(s.expr);
    if (!expr.ok)
      return {
        where: `/series/${i}/expr`,
        message: `${expr.error.line}:${expr.error.column}: ${expr.error.message}`,
      };
  }
  return undefined;
}

async function checkReports(value: unknown, c: Context<AppEnv>): Promise<Wrong | undefined> {
  const parsed = parseReportSettings(value);
  if (!parsed.ok) return parsed.error;
  const { receiver } = parsed.value;
  if (receiver === undefined) return undefined;
  const deps = c.get("deps");
  const known = receiverNames(await configInForce(deps.objects(c.get("actor").projectId)));
  return known.includes(receiver)
    ? undefined
    : {
        where: "/receiver",
        message: `there is no receiver ${JSON.stringify(receiver)} in the Alertmanager configuration`,
      };
}

function wrongOf<T>(r: Result<T, Wrong>): Wrong | undefined {
  return r.ok ? undefined : r.error;
}
