import { Hono } from "hono";
import type { LiveAlert, LiveEvent } from "../../core/live";
import {
  type FigureDefinition,
  type FigureLevel,
  levelOf,
  REQUEST_CONVENTIONS,
} from "../../live/figures";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { evaluateExpr, evaluateFigures } from "./evaluate";
import { makeEventFigures } from "./event-figures";
import { makeLiveSource } from "./source";
import { loadFigureDefinitions } from "./definitions";

const RECENT = 50;

/** `/api/v1/monitoring/dashboard`: the data of the live page for whoever polls. */
export function dashboardRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/monitoring/dashboard", requireScope("read"), async (c) => {
    const deps = c.get("deps");
    const { projectId } = c.get("actor");
    const now = deps.clock();
    const source = makeLiveSource(deps, projectId);
    const definitions = await loadFigureDefinitions(deps, projectId)(now);
    const metrics = deps.metrics(projectId);
    const [told, average, alerts, incidents, events, database] = await Promise.all([
      evaluateFigures(metrics, makeEventFigures(deps.events(projectId)).figure, definitions, now),
      settle(evaluateExpr(metrics, AVERAGE_SECONDS, now)),
      settle(source.alerts()),
      settle(source.incidents()),
      settle(source.events(RECENT, now)),
      settle(deps.pingDatabase()),
    ]);
    const { figures } = told;
    c.header("cache-control", "no-store");
    return c.json({
      generated_at: new Date(now).toISOString(),
      system_health: {
        status: database.value === null ? "unhealthy" : "healthy",
        active_campaigns: null,
        total_users: null,
        opted_in_users: null,
        opted_out_users: null,
        // A Worker has no process to be up: it runs wherever and whenever a request comes.
        system_uptime_hours: null,
        database_connections: null,
        redis_memory_usage_mb: null,
        database_latency_ms: database.value,
        active_users: figures.activeUsers,
        firing_alerts: alerts.value?.filter((a) => a.status === "firing").length ?? null,
        open_incidents: incidents.value?.length ?? null,
      },
      performance_metrics: {
        average_response_time_ms: scaled(average.value, 1_000),
        p95_response_time_ms: scaled(figures.p95Seconds, 1_000),
        requests_per_minute: scaled(figures.requestRate, 60),
        error_rate_percent: scaled(figures.errorRate, 100),
        webhook_processing_time_ms: null,
        events_per_minute: figures.eventsPerMinute,
      },
      figures: Object.fromEntries(definitions.map((d) => [d.key, shownFigure(d, figures[d.key])])),
      active_alerts: (alerts.value ?? []).map(shownAlert),
      incidents: incidents.value ?? [],
      live_events: (events.value ?? []).toReversed().map(shownEvent),
      problems: [
        told.problem,
        average.problem,
        alerts.problem,
        incidents.problem,
        events.problem,
        database.problem,
      ].filter((p) => p !== undefined),
    });
  });

  return app;
}

/** Of the first convention with samples, as the figures beside it. */
const AVERAGE_SECONDS = REQUEST_CONVENTIONS.flatMap(({ buckets }) => {
  if (buckets === undefined) return [];
  const name = buckets.metric.replace(/_bucket$/, "");
  return `sum(rate(${name}_sum[5m])) / sum(rate(${name}_count[5m])) / ${buckets.perSecond}`;
}).join(" or ");

async function settle<T>(
  work: Promise<T>,
): Promise<{ readonly value: T | null; readonly problem?: string }> {
  try {
    return { value: await work };
  } catch (e) {
    return { value: null, problem: e instanceof Error ? e.message : String(e) };
  }
}

/** Rounded to 9 digits: 0.07 × 100 is 7, not 7.000000000000001. */
function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : Number((value * factor).toPrecision(9));
}

function shownFigure(
  d: FigureDefinition,
  value: number | null,
): {
  readonly value: number | null;
  readonly level: FigureLevel;
  readonly threshold: unknown;
  readonly expr: string | null;
} {
  return {
    value,
    level: levelOf(value, d.threshold),
    threshold: d.threshold ?? null,
    expr: d.expr ?? null,
  };
}

function shownAlert(a: LiveAlert): Readonly<Record<string, unknown>> {
  return {
    alert_id: a.fingerprint,
    severity: a.labels["severity"] ?? null,
    message:
      a.annotations["summary"] ?? a.annotations["description"] ?? a.labels["alertname"] ?? null,
    current_value: Number.isFinite(a.value) ? a.value : null,
    threshold: null,
    triggered_at: new Date(a.startsAtMs).toISOString(),
    status: a.status,
    labels: a.labels,
    acknowledged_by: a.acknowledgedBy ?? null,
    incident_id: a.incidentId ?? null,
  };
}

function shownEvent(e: LiveEvent): Readonly<Record<string, unknown>> {
  return {
    ...e.properties,
    timestamp: new Date(e.timeMs).toISOString(),
    event_type: e.name,
    visitor: e.visitor,
  };
}
