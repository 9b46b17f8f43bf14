import type { Server } from "node:http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyPack, firing, post, scraped, sendUntilFiring } from "./pack-rules";
import { type Vedette, eventually, startVedette } from "./vedette";

let vedette: Vedette;
let server: Server | undefined;

beforeEach(async () => {
  vedette = await startVedette();
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
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
  "node-service: fires and resolves on prom-client's metrics as scraped, winston's lines and product events",
  async () => {
    const register = new Registry();
    const registers = [register];
    const route = ["method", "route", "status_code"];
    const duration = new Histogram({
      name: "http_request_duration_seconds",
      help: "Duration of HTTP requests in seconds",
      labelNames: route,
      buckets: [0.1, 0.5, 1, 2, 5, 10],
      registers,
    });
    const requests = new Counter({
      name: "http_requests_total",
      help: "Total number of HTTP requests",
      labelNames: route,
      registers,
    });
    const active = new Gauge({
      name: "active_users_total",
      help: "Number of active users",
      registers,
    });
    // As collectDefaultMetrics() names them, with values that the test chooses.
    const cpu = new Counter({ name: "process_cpu_seconds_total", help: "CPU", registers });
    const used = new Gauge({ name: "nodejs_heap_size_used_bytes", help: "Heap", registers });
    const total = new Gauge({ name: "nodejs_heap_size_total_bytes", help: "Heap", registers });
    total.set(100e6);
    const request = (status_code: string, seconds: number, n: number): void => {
      const labels = { method: "POST", route: "/tasks", status_code };
      requests.inc(labels, n);
      for (let i = 0; i < n; i++) duration.observe(labels, seconds);
    };
    request("200", 0.05, 1);
    request("500", 0.05, 1);
    cpu.inc(1);
    active.set(4);
    used.set(95e6);
    await applyPack(vedette, "node-service");
    server = await scraped(vedette, register);
    const log = (level: string) => ({
      timestamp: new Date().toISOString(),
      level,
      message: "Application Error",
      service: "tasks-api",
      environment: "production",
      version: "1.0.0",
      error: { name: "TypeError", message: "x is undefined", stack: "TypeError: x\n    at f" },
    });
    const bad = async (): Promise<void> => {
      request("200", 6, 8);
      request("500", 6, 2);
      cpu.inc(0.97);
      await post(vedette, "/api/v1/ingest/logs", [log("error"), log("error"), log("error")]);
      await post(vedette, "/api/v1/ingest/events", {
        name: "payment_failed",
        user_id: "u1",
        properties: { plan: "pro" },
      });
    };
    const good = async (): Promise<void> => {
      request("200", 0.05, 2_000);
      cpu.inc(0.05);
      active.set(50);
      used.set(40e6);
    };
    const all = [
      "High CPU Usage",
      "High Memory Usage",
      "High Error Rate",
      "Slow Response Time",
      "Low User Activity",
      "Payment Failures",
      "log_error_rate",
      "slow_response",
      "high_failure_rate",
    ];
    await sendUntilFiring(vedette, bad, all);
    await sendUntilFiring(vedette, good, []);
  },
  LIMIT_MS,
);

it(
  "opentelemetry-service: fires and resolves on what OpenTelemetry's Prometheus exporter exposes",
  async () => {
    await applyPack(vedette, "opentelemetry-service");
    const start = Date.now();
    const counts = { ok: 0, failed: 0, observed: 0, sum: 0 };
    const at = (time: number, lines: Readonly<Record<string, number>>): string =>
      Object.entries(lines)
        .map(([series, value]) => `${series} ${value} ${time}\n`)
        .join("");
    // The slope is taken over half an hour: the memory that has grown since then.
    const grown = Array.from({ length: 60 }, (_, i) =>
      at(start - (60 - i) * 30_000, { 'memory_usage{type="heap"}': 60 + i * 0.5 }),
    );
    await post(vedette, "/api/v1/import/prometheus", grown.join(""));
    const expose = (o: { heap: number; connections: number; usage: number }): Promise<void> =>
      post(
        vedette,
        "/api/v1/import/prometheus",
        `# TYPE requests_total counter
# TYPE response_time histogram
# TYPE memory_usage gauge
${at(Date.now(), {
  'requests_total{endpoint="/api/content",method="POST",status="200"}': counts.ok,
  'requests_total{endpoint="/api/content",method="POST",status="500"}': counts.failed,
  'response_time_bucket{endpoint="/api/content",le="+Inf"}': counts.observed,
  'response_time_sum{endpoint="/api/content"}': counts.sum,
  'response_time_count{endpoint="/api/content"}': counts.observed,
  'memory_usage{type="heap"}': o.heap,
  db_connections: o.connections,
  max_db_connections: 20,
  api_usage: o.usage,
  api_limit: 1_000,
})}`,
      );
    let heap = 90;
    const bad = async (): Promise<void> => {
      counts.ok += 8;
      counts.failed += 2;
      counts.observed += 10;
      counts.sum += 10 * 1_800;
      const line = { level: "error", service: "content", message: "Error captured" };
      await post(
        vedette,
        "/api/v1/ingest/logs",
        Array.from({ length: 4 }, () => line),
      );
      await expose({ heap: (heap += 0.02), connections: 18, usage: 850 });
    };
    const good = (): Promise<void> => {
      counts.ok += 1_000;
      counts.observed += 1_000;
      counts.sum += 1_000 * 40;
      return expose({ heap: 60, connections: 5, usage: 100 });
    };
    const all = [
      "High Error Rate",
      "Slow Response Time",
      "Potential Memory Leak",
      "Database Connection Pool Exhausted",
      "API Rate Limit Approaching",
      "Error Spike",
    ];
    await sendUntilFiring(vedette, bad, all);
    await sendUntilFiring(vedette, good, []);
  },
  LIMIT_MS,
);

it(
  "opentelemetry-service: fires and resolves on what OpenTelemetry's SDK sends",
  async () => {
    await applyPack(vedette, "opentelemetry-service");
    const exporter = new OTLPMetricExporter({
      url: `${vedette.url}/v1/metrics`,
      headers: { authorization: "Bearer vdt_ingest_local" },
    });
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ "service.name": "content", "service.instance.id": "a" }),
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    });
    const meter = provider.getMeter("content");
    const requests = meter.createCounter("requests_total");
    const time = meter.createHistogram("response_time", { unit: "ms" });
    const gauges = { heap: 90, db_connections: 18, api_usage: 850 };
    meter
      .createObservableGauge("memory_usage")
      .addCallback((r) => r.observe(gauges.heap, { type: "heap" }));
    for (const name of ["db_connections", "api_usage"] as const)
      meter.createObservableGauge(name).addCallback((r) => r.observe(gauges[name]));
    meter.createObservableGauge("max_db_connections").addCallback((r) => r.observe(20));
    meter.createObservableGauge("api_limit").addCallback((r) => r.observe(1_000));
    const start = Date.now();
    const grown = Array.from(
      { length: 60 },
      (_, i) =>
        `memory_usage{instance="a",job="content",type="heap"} ${60 + i * 0.5} ${start - (60 - i) * 30_000}\n`,
    );
    await post(vedette, "/api/v1/import/prometheus", grown.join(""));
    const line = { level: "error", service: "content", message: "Error captured" };
    const serve = (status: number, ms: number, n: number): void => {
      requests.add(n, { endpoint: "/api/content", method: "POST", status });
      for (let i = 0; i < n; i++) time.record(ms, { endpoint: "/api/content" });
    };
    const bad = async (): Promise<void> => {
      serve(200, 1_800, 8);
      serve(500, 1_800, 2);
      await post(vedette, "/api/v1/ingest/logs", [line, line, line, line]);
      await provider.forceFlush();
    };
    const good = async (): Promise<void> => {
      Object.assign(gauges, { heap: 60, db_connections: 5, api_usage: 100 });
      serve(200, 40, 1_000);
      await provider.forceFlush();
    };
    const all = [
      "High Error Rate",
      "Slow Response Time",
      "Potential Memory Leak",
      "Database Connection Pool Exhausted",
      "API Rate Limit Approaching",
      "Error Spike",
    ];
    await sendUntilFiring(vedette, bad, all);
    await sendUntilFiring(vedette, good, []);
    await provider.shutdown();
  },
  LIMIT_MS,
);

it(
  "prometheus-service: fires and resolves on prom-client's metrics as scraped",
  async () => {
    const register = new Registry();
    const registers = [register];
    const gauge = (name: string): Gauge => new Gauge({ name, help: name, registers });
    const counter = (name: string, labelNames: string[] = []): Counter =>
      new Counter({ name, help: name, labelNames, registers });
    const cpu = gauge("cpu_usage_percent");
    const memory = gauge("memory_usage_percent");
    const disk = gauge("disk_free_percent");
    const connections = gauge("database_connections");
    const errors = counter("http_errors_total", ["method", "route", "error_type"]);
    const messages = counter("messages_generated_total", ["campaign_id", "message_type", "model"]);
    const failures = counter("ai_request_failures_total", ["provider"]);
    const logins = counter("security_failed_logins_total");
    const security = counter("security_events_total", ["severity"]);
    const duration = new Histogram({
      name: "http_request_duration_seconds",
      help: "Duration of HTTP requests in seconds",
      labelNames: ["method", "route"],
      buckets: [0.1, 0.3, 0.5, 0.7, 1, 3, 5, 7, 10],
      registers,
    });
    const route = { method: "POST", route: "/api/messages" };
    const message = { campaign_id: "c1", message_type: "email", model: "gpt-4" };
    const spend = (seconds: number, n: number): void => {
      for (let i = 0; i < n; i++) duration.observe(route, seconds);
    };
    errors.inc({ ...route, error_type: "server_error" }, 0);
    messages.inc(message, 0);
    failures.inc({ provider: "openai" }, 0);
    security.inc({ severity: "critical" }, 0);
    spend(0.05, 1);
    const set = (level: "bad" | "good"): void => {
      cpu.set(level === "bad" ? 90 : 20);
      memory.set(level === "bad" ? 92 : 40);
      disk.set(level === "bad" ? 4 : 60);
      connections.set(level === "bad" ? 95 : 12);
    };
    set("bad");
    await applyPack(vedette, "prometheus-service");
    server = await scraped(vedette, register);
    const bad = async (): Promise<void> => {
      spend(4, 10);
      errors.inc({ ...route, error_type: "server_error" }, 2);
      messages.inc(message, 1);
      failures.inc({ provider: "openai" }, 1);
      logins.inc(30);
      security.inc({ severity: "critical" });
    };
    const good = async (): Promise<void> => {
      set("good");
      spend(0.05, 1_000);
      messages.inc(message, 500);
    };
    const all = [
      "HighCPUUsage",
      "HighMemoryUsage",
      "DiskSpaceLow",
      "HighErrorRate",
      "SlowResponseTime",
      "DatabaseConnectionsHigh",
      "LowMessageGenerationRate",
      "HighAIRequestFailures",
      "MultipleFailedLogins",
      "SecurityIncident",
    ];
    await sendUntilFiring(vedette, bad, all);
    await sendUntilFiring(vedette, good, []);
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

it(
  "tells of too few events and of a series that stays away, and nothing before the first",
  async () => {
    const rules = `interval: 2s
alerts:
  - { name: few_signups, event: sign_up, condition: fewer than 3 in 10s, severity: warning }
  - { name: probe_silent, metric: probe.last_run, absent_for: 8s, by: [host] }
`;
    const r = await vedette.fetch("/config/v1/rules/own", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: rules,
    });
    expect(r.status, await r.text()).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await firing(vedette)).toEqual([]);
    const signUp = (n: number): Promise<void> =>
      post(
        vedette,
        "/api/v1/ingest/events",
        Array.from({ length: n }, (_, i) => ({ name: "sign_up", user_id: `u${i}` })),
      );
    const probe = (): Promise<void> =>
      post(vedette, "/api/v1/import/prometheus", 'probe_last_run{host="a"} 1\n');
    await Promise.all([signUp(5), probe()]);
    await sendUntilFiring(vedette, () => Promise.resolve(), ["few_signups", "probe_silent"]);
    await sendUntilFiring(vedette, async () => void (await Promise.all([signUp(1), probe()])), []);
    const shown = await vedette.fetch("/config/v1/rules/own/alerts?form=source", {
      token: "vdt_read_local",
    });
    expect(await shown.text()).toBe(rules);
    const compiled = await vedette.fetch("/config/v1/rules/own/alerts", {
      token: "vdt_read_local",
    });
    expect(await compiled.text()).toContain(
      "alert: few_signups\n    expr: |-\n      (\n        sum(",
    );
    await eventually("both told", async () => {
      const inbox = await vedette.fetch("/api/v1/receiver/inbox", { token: "vdt_read_local" });
      const text = await inbox.text();
      return text.includes("few_signups") && text.includes("probe_silent");
    });
  },
  LIMIT_MS,
);

it(
  "holds back within its cooldown, as code writes it, what fires anew",
  async () => {
    const r = await vedette.fetch("/config/v1/rules/own", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: "interval: 2s\nrules:\n  oven_hot: { metric: oven.temperature, threshold: 200, severity: high, cooldown: 15 }\n",
    });
    expect(r.status, await r.text()).toBe(202);
    const told = async (status: string): Promise<number> => {
      const inbox = await vedette.fetch("/api/v1/receiver/inbox", { token: "vdt_read_local" });
      const { messages } = (await inbox.json()) as { messages: { status: string }[] };
      return messages.filter((m) => m.status === status && JSON.stringify(m).includes("oven_hot"))
        .length;
    };
    const oven = (degrees: number): Promise<void> =>
      post(vedette, "/api/v1/import/prometheus", `oven_temperature ${degrees}\n`);
    await sendUntilFiring(vedette, () => oven(230), ["oven_hot"]);
    await eventually("the first message", async () => (await told("firing")) === 1);
    await sendUntilFiring(vedette, () => oven(100), []);
    await eventually("its resolution", async () => (await told("resolved")) === 1);
    await sendUntilFiring(vedette, () => oven(240), ["oven_hot"]);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await told("firing")).toBe(1);
  },
  LIMIT_MS,
);
