import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, it } from "vitest";
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
