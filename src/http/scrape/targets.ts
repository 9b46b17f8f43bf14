import type { Context } from "hono";
import { redactPrometheusFile } from "../../scrape/config-secrets";
import { compileMatchers } from "../../core/matchers";
import { labelsOf } from "../../core/labels";
import { renderDuration } from "../../core/duration";
import type { ScraperView, TargetView } from "../../scrape/view";
import type { AppEnv } from "../deps";
import { badData, failure, success } from "../prometheus/respond";
import { matchParams, limitParam } from "../prometheus/params";
import { loadPrometheusFile, viewJobs } from "./store";

type Ctx = Context<AppEnv>;

const NEVER = "0001-01-01T00:00:00Z";
const STATES = ["active", "dropped", "any"];

/** `GET /api/v1/targets` (https://prometheus.io/docs/prometheus/latest/querying/api/#targets). */
export async function targets(c: Ctx): Promise<Response> {
  const state = c.req.query("state")?.toLowerCase() ?? "any";
  const wanted = STATES.includes(state) ? state : "any";
  const pool = c.req.query("scrapePool") ?? "";
  const views = (await viewsOf(c)).filter((v) => pool === "" || v.job === pool);
  const active = wanted === "dropped" ? [] : views.flatMap((v) => activeOf(v));
  const dropped =
    wanted === "active"
      ? []
      : views.flatMap((v) => v.dropped.map((d) => ({ discoveredLabels: d, scrapePool: v.job })));
  return success({
    activeTargets: active,
    droppedTargets: dropped,
    droppedTargetCounts: Object.fromEntries(views.map((v) => [v.job, v.dropped.length])),
  });
}

/** `GET /api/v1/scrape_pools` */
export async function scrapePools(c: Ctx): Promise<Response> {
  const file = await loadPrometheusFile(c.get("deps"), c.get("actor").projectId);
  return success({ scrapePools: (file?.file.jobs ?? []).map((j) => j.name).sort() });
}

/** `GET /api/v1/targets/metadata`: what is known of the metrics that the matching targets expose. */
export async function targetMetadata(c: Ctx): Promise<Response> {
  const params = new URL(c.req.url).searchParams;
  const limit = limitParam(params);
  if (!limit.ok) return failure(limit.error);
  const asked = new URLSearchParams();
  const text = params.get("match_target");
  if (text !== null && text !== "") asked.append("match[]", text);
  const lists = asked.size === 0 ? { ok: true as const, value: [[]] } : matchParams(asked);
  if (!lists.ok) return failure(badData(lists.error));
  const test = compileMatchers(lists.value[0] ?? []);
  const deps = c.get("deps");
  const views = await viewsOf(c);
  const matching = views.flatMap((v) => v.active).filter((t) => test(labelsOf(t.labels)));
  const metric = params.get("metric") ?? "";
  const reader = deps.metrics(c.get("actor").projectId);
  const now = deps.clock();
  const all = await reader.metadata(metric === "" ? undefined : metric, 10_000);
  const out: object[] = [];
  const max = limit.value > 0 ? limit.value : Infinity;
  for (const t of matching) {
    if (out.length >= max) break;
    const matchers = Object.entries(t.labels).map(([name, value]) => ({
      type: "=" as const,
      name,
      value,
    }));
    const names = await reader.labelValues("__name__", [matchers], now - 300_000, now, 10_000);
    const known = new Set(names.flatMap((n) => [n, n.replace(/_(?:bucket|sum|count|total)$/, "")]));
    for (const m of all) {
      if (out.length >= max) return success(out);
      if (known.has(m.name))
        out.push({
          target: t.labels,
          ...(metric === "" ? { metric: m.name } : {}),
          type: m.type,
          help: m.help,
          unit: m.unit,
        });
    }
  }
  return success(out);
}

/** `GET /api/v1/status/config`: the prometheus.yml in force, secrets hidden. */
export async function statusConfig(c: Ctx): Promise<Response> {
  const applied = await loadPrometheusFile(c.get("deps"), c.get("actor").projectId);
  return success({ yaml: applied === undefined ? "" : redactPrometheusFile(applied.yaml) });
}

/** `GET /api/v1/alertmanagers`: alerts go to Vedette's own router. */
export function alertmanagers(c: Ctx): Response {
  const base = c.get("deps").config.externalUrl ?? new URL(c.req.url).origin;
  return success({
    activeAlertmanagers: [{ url: `${base.replace(/\/+$/, "")}/api/v2/alerts` }],
    droppedAlertmanagers: [],
  });
}

async function viewsOf(c: Ctx): Promise<readonly ScraperView[]> {
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const applied = await loadPrometheusFile(deps, projectId);
  return applied === undefined ? [] : viewJobs(deps, projectId, applied.file);
}

function activeOf(v: ScraperView): object[] {
  return [
    ...v.active.map((t) => targetJson(v.job, t)),
    ...v.broken.map((b) =>
      targetJson(v.job, {
        labels: { job: v.job },
        discovered: b.discovered,
        url: "",
        intervalMs: 0,
        timeoutMs: 0,
        health: "down",
        lastError: b.error,
        lastScrapeMs: 0,
        lastDurationMs: 0,
      }),
    ),
  ];
}

function targetJson(pool: string, t: TargetView): object {
  return {
    discoveredLabels: t.discovered,
    labels: t.labels,
    scrapePool: pool,
    scrapeUrl: t.url,
    globalUrl: t.url,
    lastError: t.lastError,
    lastScrape: t.lastScrapeMs === 0 ? NEVER : new Date(t.lastScrapeMs).toISOString(),
    lastScrapeDuration: t.lastDurationMs / 1000,
    health: t.health,
    scrapeInterval: renderDuration(t.intervalMs),
    scrapeTimeout: renderDuration(t.timeoutMs),
  };
}
