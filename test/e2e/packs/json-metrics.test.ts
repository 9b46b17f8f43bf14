import { afterEach, beforeEach, expect, it } from "vitest";
import { applyPack, post, sendUntilFiring } from "./pack-rules";
import { type Vedette, startVedette } from "../vedette";

let vedette: Vedette;

beforeEach(async () => {
  vedette = await startVedette();
});
afterEach(async () => {
  await vedette?.stop();
});

const LIMIT_MS = 150_000;

it(
  "json-metrics: fires and resolves on metrics sent as JSON, one by one, without a header",
  async () => {
    await applyPack(vedette, "json-metrics");
    // Counters are the sender's running totals per name and tags.
    const totals = new Map<string, number>();
    type Metric = readonly [
      type: "counter" | "gauge" | "histogram",
      name: string,
      value: number,
      tags?: Record<string, string>,
    ];
    const record = async (metrics: readonly Metric[]): Promise<void> => {
      const bodies = metrics.map(([type, name, given, tags = {}]) => {
        const key = JSON.stringify([name, tags]);
        const value = type === "counter" ? (totals.get(key) ?? 0) + given : given;
        if (type === "counter") totals.set(key, value);
        return { name, value, timestamp: Date.now(), tags, type };
      });
      // Many at once come as a list, few each by itself.
      const requests = bodies.length > 50 ? [bodies] : bodies;
      await Promise.all(
        requests.map(async (body) => {
          const r = await fetch(`${vedette.url}/api/v1/ingest/metrics?token=vdt_ingest_local`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
          });
          expect(r.status, await r.text()).toBe(200);
        }),
      );
    };
    const dashboard = { endpoint: "/api/dashboard", method: "GET" };
    const agent = { agent_type: "CarbonHunter" };
    const bad: readonly Metric[] = [
      ["histogram", "api.response_time", 940, { endpoint: "/api/dashboard" }],
      ["counter", "api.requests", 8, { ...dashboard, status: "200" }],
      ["counter", "api.requests", 2, { ...dashboard, status: "500" }],
      ["gauge", "database.connections.active", 18],
      ["gauge", "database.connections.max", 20],
      ["histogram", "database.query_duration", 230, { table: "conversations" }],
      ["counter", "agents.executions", 5, { ...agent, status: "success" }],
      ["counter", "agents.executions", 5, { ...agent, status: "failure" }],
      ["gauge", "agents.queue.size", 250],
      ["histogram", "ml.prediction_confidence", 0.35, { model: "prophet_v1" }],
      ["gauge", "system.memory_usage_mb", 1_900],
      ["gauge", "system.memory_limit_mb", 2_000],
      ["gauge", "system.cpu_usage_percent", 97],
    ];
    const many = (n: number, m: Metric): Metric[] => Array.from({ length: n }, () => m);
    const good: readonly Metric[] = [
      ...many(200, ["histogram", "api.response_time", 45, { endpoint: "/api/dashboard" }]),
      ["counter", "api.requests", 1_000, { ...dashboard, status: "200" }],
      ["gauge", "database.connections.active", 5],
      ["gauge", "database.connections.max", 20],
      ...many(200, ["histogram", "database.query_duration", 8, { table: "conversations" }]),
      ["counter", "agents.executions", 1_000, { ...agent, status: "success" }],
      ["gauge", "agents.queue.size", 3],
      ...many(100, ["histogram", "ml.prediction_confidence", 0.9, { model: "prophet_v1" }]),
      ["gauge", "system.memory_usage_mb", 512],
      ["gauge", "system.memory_limit_mb", 2_000],
      ["gauge", "system.cpu_usage_percent", 45],
    ];
    const all = [
      "high_api_latency",
      "high_error_rate",
      "database_connection_pool_exhausted",
      "slow_queries",
      "agent_execution_failure_rate",
      "agent_queue_backlog",
      "low_ml_confidence",
      "high_memory_usage",
      "high_cpu_usage",
    ];
    await sendUntilFiring(vedette, () => record(bad), all);
    await sendUntilFiring(vedette, () => record(good), []);
  },
  LIMIT_MS,
);

it(
  "messaging-service: fires and resolves on figures sent as JSON gauges",
  async () => {
    const figures = (o: Readonly<Record<string, number>>): Promise<void> =>
      post(vedette, "/api/v1/ingest/metrics", {
        metrics: Object.entries(o).map(([name, value]) => ({ name, value, type: "gauge" })),
      });
    await applyPack(vedette, "messaging-service");
    let violations = 0;
    const bad = (): Promise<void> =>
      figures({
        error_rate_percent: 6.5,
        average_response_time_ms: 1_500,
        delivery_rate_percent: 88.5,
        disk_usage_percent: 91,
        cpu_usage_percent: 95,
        memory_usage_percent: 92,
        total_messages_sent: 50_000,
        consent_verified_count: 49_990,
        messages_during_quiet_hours: 3,
        rate_limit_violations: violations++,
        webhook_processing_time_ms: 45_000,
        active_connections: 20,
        max_connections: 20,
      });
    const good = (): Promise<void> =>
      figures({
        error_rate_percent: 0.5,
        average_response_time_ms: 150,
        delivery_rate_percent: 95.96,
        disk_usage_percent: 40,
        cpu_usage_percent: 15.2,
        memory_usage_percent: 40,
        total_messages_sent: 50_000,
        consent_verified_count: 50_000,
        messages_during_quiet_hours: 0,
        rate_limit_violations: violations,
        webhook_processing_time_ms: 85,
        active_connections: 8,
        max_connections: 20,
      });
    const all = [
      "high_error_rate",
      "slow_responses",
      "low_delivery_rate",
      "disk_full",
      "high_cpu_usage",
      "high_memory_usage",
      "consent_bypassed",
      "quiet_hours_violated",
      "rate_limit_exceeded",
      "webhooks_delayed",
      "connection_pool_exhausted",
    ];
    await sendUntilFiring(vedette, bad, all);
    await sendUntilFiring(vedette, good, []);
  },
  LIMIT_MS,
);
