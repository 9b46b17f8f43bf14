import type { Server } from "node:http";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { afterEach, beforeEach, it } from "vitest";
import { applyPack, post, scraped, sendUntilFiring } from "./pack-rules";
import { type Vedette, startVedette } from "../vedette";

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
