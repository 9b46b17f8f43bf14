import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { Counter, Gauge, Histogram, Pushgateway, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonicalFloat } from "../../src/ingest/names";
import { type Vedette, eventually, freePort, startVedette } from "./vedette";

const AUTH = { authorization: "Bearer vdt_ingest_local" };
let vedette: Vedette;

beforeAll(async () => {
  vedette = await startVedette();
});
afterAll(async () => {
  await vedette.stop();
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(expr: string): Promise<readonly Sample[]> {
  const r = await vedette.fetch(`/api/v1/query?query=${encodeURIComponent(expr)}`, {
    token: "vdt_read_local",
  });
  if (!r.ok) throw new Error(`${expr}: ${r.status} ${await r.text()}`);
  return ((await r.json()) as { data: { result: Sample[] } }).data.result;
}

/** The value of the only series that `expr` finds. */
async function value(expr: string): Promise<number | undefined> {
  const found = await query(expr);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0] === undefined ? undefined : Number(found[0].value[1]);
}

const becomes = (expr: string, want: number, timeoutMs?: number): Promise<boolean> =>
  eventually(`${expr} = ${want}`, async () => (await value(expr)) === want, timeoutMs);

describe.each([
  ["protobuf", ProtoExporter],
  ["JSON", JsonExporter],
] as const)("the OpenTelemetry metrics SDK over %s", (encoding, Exporter) => {
  /** Runs `record` on a meter of its own and exports once. */
  async function exported(
    service: string,
    temporality: AggregationTemporality,
    record: (m: ReturnType<MeterProvider["getMeter"]>) => void,
  ): Promise<void> {
    const exporter = new Exporter({
      url: `${vedette.url}/v1/metrics`,
      headers: AUTH,
      // The exporter's own enum of the same numbers.
      temporalityPreference: temporality as number,
      // An enum of a package that is not ours to import.
      compression: "gzip" as never,
    });
    const provider = new MeterProvider({
      resource: resourceFromAttributes({
        "service.name": service,
        "service.instance.id": encoding,
        "host.name": "e2e",
      }),
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
      views: [
        {
          instrumentName: "exponential.*",
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
        },
      ],
    });
    record(provider.getMeter("e2e"));
    await provider.forceFlush();
    await provider.shutdown();
  }
  const self = `instance="${encoding}"`;

  it("exports cumulative sums, gauges and histograms", async () => {
    await exported("cumulative", AggregationTemporality.CUMULATIVE, (m) => {
      const counter = m.createCounter("http.server.requests", {
        unit: "{request}",
        description: "Requests served.",
      });
      counter.add(3, { "http.route": "/a" });
      counter.add(4, { "http.route": "/b" });
      m.createUpDownCounter("queue.depth").add(-2);
      m.createGauge("room.temperature", { unit: "Cel" }).record(21.5);
      const latency = m.createHistogram("http.latency", {
        unit: "s",
        advice: { explicitBucketBoundaries: [0.1, 1] },
      });
      for (const v of [0.05, 0.5, 5]) latency.record(v);
    });
    await becomes(`sum(http_server_requests_total{job="cumulative",${self}})`, 7);
    expect(await value(`http_server_requests_total{http_route="/b",${self}}`)).toBe(4);
    expect(await value(`queue_depth{${self}}`)).toBe(-2);
    expect(await value(`room_temperature_celsius{${self}}`)).toBe(21.5);
    expect(await value(`http_latency_seconds_bucket{le="1",${self}}`)).toBe(2);
    expect(await value(`http_latency_seconds_count{${self}}`)).toBe(3);
    expect(await value(`http_latency_seconds_sum{${self}}`)).toBe(5.55);
    expect(await value(`target_info{host_name="e2e",job="cumulative",${self}}`)).toBe(1);
  });

  it("exports deltas of clients that live for one request", async () => {
    for (let i = 0; i < 3; i++) {
      await exported("delta", AggregationTemporality.DELTA, (m) => {
        m.createCounter("jobs.done").add(2);
        m.createHistogram("job.size", { advice: { explicitBucketBoundaries: [10] } }).record(i * 7);
      });
    }
    await becomes(`jobs_done_total{${self}}`, 6);
    await becomes(`job_size_bucket{le="10",${self}}`, 2);
    await becomes(`job_size_count{${self}}`, 3);
    await becomes(`job_size_sum{${self}}`, 21);
    // The zero before the first increment makes the growth visible.
    await becomes(`round(increase(jobs_done_total{${self}}[5m]))>bool 0`, 1);
  });

  it("exports exponential histograms", async () => {
    await exported("exponential", AggregationTemporality.CUMULATIVE, (m) => {
      const h = m.createHistogram("exponential.size", { unit: "By" });
      for (const v of [100, 200, 300, 100_000]) h.record(v);
    });
    await becomes(`histogram_count(exponential_size_bytes{${self}})`, 4);
    expect(await value(`histogram_sum(exponential_size_bytes{${self}})`)).toBe(100_600);
    expect(await value(`histogram_fraction(0, 256, exponential_size_bytes{${self}})`)).toBe(0.5);
  });

  it("exports exponential histograms of deltas, which are told at fixed bounds", async () => {
    for (let i = 0; i < 2; i++) {
      await exported("exponential-delta", AggregationTemporality.DELTA, (m) => {
        const h = m.createHistogram("exponential.wait", { unit: "By" });
        for (const v of [100, 300]) h.record(v);
      });
    }
    await becomes(`exponential_wait_bytes_bucket{le="256",${self}}`, 2);
    expect(await value(`exponential_wait_bytes_count{${self}}`)).toBe(4);
  });
});

describe("prom-client", () => {
  const registry = new Registry();
  const counter = new Counter({
    name: "pc_jobs_total",
    help: "Jobs\nin two lines.",
    labelNames: ["kind"],
    registers: [registry],
  });
  const gauge = new Gauge({ name: "pc_last_run", help: "When.", registers: [registry] });
  const histogram = new Histogram({
    name: "pc_seconds",
    help: "How long.",
    buckets: [0.1, 1],
    registers: [registry],
  });
  counter.inc({ kind: 'quoted "x" \\ \n' }, 3);
  gauge.set(12.5);
  histogram.observe(0.5);

  it("is read as it exposes itself", async () => {
    const r = await vedette.fetch("/api/v1/import/prometheus", {
      method: "POST",
      token: "vdt_ingest_local",
      headers: { "content-type": registry.contentType, "content-encoding": "gzip" },
      body: gzipSync(await registry.metrics()),
    });
    expect(r.status).toBe(204);
    expect((await query("pc_jobs_total"))[0]?.metric["kind"]).toBe('quoted "x" \\ \n');
    expect(await value('pc_seconds_bucket{le="1.0"}')).toBe(1);
    expect(await value("pc_last_run")).toBe(12.5);
  });

  it("pushes, adds and deletes with its Pushgateway client", async () => {
    const gateway = new Pushgateway(vedette.url, { headers: { ...AUTH } }, registry);
    const group = { jobName: "night/ly", groupings: { instance: "a b" } };
    const pushed = 'pc_last_run{job="night/ly",instance="a b"}';
    await gateway.push(group);
    await becomes(pushed, 12.5);
    gauge.set(13);
    await gateway.pushAdd(group);
    await becomes(pushed, 13);
    await gateway.delete(group);
    await eventually("the group is gone", async () => (await query(pushed)).length === 0);
  });

  it("is told when its token is wrong", async () => {
    const gateway = new Pushgateway(
      vedette.url,
      { headers: { authorization: "Bearer no" } },
      registry,
    );
    await expect(gateway.push({ jobName: "x" })).rejects.toThrow(/status 401/);
  });
});

const CORPUS_FILE = join(
  import.meta.dirname,
  "../../../shared/conformance/exposition/alltypes.237mfs.prom.txt",
);
const CORPUS = existsSync(CORPUS_FILE) ? readFileSync(CORPUS_FILE, "utf8") : undefined;

const PROMETHEUS = "/usr/bin/prometheus";
const VERSION = existsSync(PROMETHEUS)
  ? execFileSync(PROMETHEUS, ["--version"], { encoding: "utf8" }).split("\n", 1)[0]
  : `skipped: ${PROMETHEUS} is not installed`;

/** Only bounds of histograms and summaries are numbers: other metrics' `le` is a text. */
function canonicalBound(
  metric: Readonly<Record<string, string>>,
  label: string,
  text: string,
): string {
  const isBound = label === "quantile" || metric["__name__"]?.endsWith("_bucket") === true;
  return isBound ? canonicalFloat(Number(text.replace("Inf", "Infinity"))) : text;
}

describe.skipIf(!existsSync(PROMETHEUS))(`a real Prometheus (${VERSION})`, () => {
  let dir: string;
  let prometheus: ChildProcess;
  let port: number;
  let corpus: Server;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "vedette-prometheus-"));
    port = await freePort();
    const corpusPort = await freePort();
    corpus = createServer((_, res) =>
      res.setHeader("content-type", "text/plain; version=0.0.4").end(CORPUS),
    ).listen(corpusPort, "127.0.0.1");
    // JSON is YAML.
    const config = {
      global: { scrape_interval: "1s" },
      scrape_configs: [
        { job_name: "self", static_configs: [{ targets: [`127.0.0.1:${port}`] }] },
        { job_name: "corpus", static_configs: [{ targets: [`127.0.0.1:${corpusPort}`] }] },
      ],
      remote_write: [
        {
          url: `${vedette.url}/api/v1/write`,
          authorization: { credentials: "vdt_ingest_local" },
          queue_config: { batch_send_deadline: "500ms" },
          metadata_config: { send_interval: "1s" },
        },
      ],
    };
    await writeFile(join(dir, "prometheus.yml"), JSON.stringify(config));
    prometheus = spawn(
      PROMETHEUS,
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
  });
  afterAll(async () => {
    if (prometheus.exitCode === null) {
      const gone = new Promise((resolve) => prometheus.once("exit", resolve));
      prometheus.kill("SIGTERM");
      await gone;
    }
    corpus.closeAllConnections();
    corpus.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** Series and values of a job, told apart from their place. */
  async function byJob(job: string): Promise<Map<string, string>> {
    const found = await query(
      `{job="${job}",__name__!~"up|scrape_.*|push_time_seconds|push_failure_time_seconds"}`,
    );
    return new Map(
      found.map(({ metric, value: [, text] }) => {
        const { job: _job, instance: _instance, ...rest } = metric;
        const labels: Record<string, string> = rest;
        // Prometheus 2 keeps bounds as they are written; from version 3 on they are canonical.
        for (const bound of ["le", "quantile"])
          if (rest[bound] !== undefined) labels[bound] = canonicalBound(metric, bound, rest[bound]);
        return [JSON.stringify(Object.entries(labels).sort()), text];
      }),
    );
  }

  async function own(expr: string): Promise<number> {
    const r = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return Number(
      ((await r.json()) as { data: { result: Sample[] } }).data.result[0]?.value[1] ?? Number.NaN,
    );
  }

  it("writes what it scrapes from itself, and loses none of it", async () => {
    await becomes('up{job="self"}', 1, 30_000);
    expect((await query('prometheus_build_info{job="self"}'))[0]?.metric["version"]).toMatch(/^\d/);
    await eventually(
      "several scrapes have arrived",
      async () => ((await value('count_over_time(up{job="self"}[1m])')) ?? 0) >= 6,
      20_000,
    );
    for (const counter of [
      "prometheus_remote_storage_samples_failed_total",
      "prometheus_remote_storage_samples_dropped_total",
      "prometheus_remote_storage_samples_retried_total",
    ]) {
      expect([counter, await own(`sum(${counter}) or vector(0)`)]).toEqual([counter, 0]);
    }
    // The same number of series on both sides, at a moment that both hold.
    const at = Math.floor(Date.now() / 1000) - 2;
    const count = `count({job="self"} @ ${at})`;
    const sent = await own(count);
    expect(sent).toBeGreaterThan(100);
    expect(await value(count)).toBe(sent);
  });

  it("sends what its metrics mean", async () => {
    const type = await eventually("metadata has arrived", async () => {
      const r = await vedette.fetch("/api/v1/metadata?metric=go_goroutines", {
        token: "vdt_read_local",
      });
      return ((await r.json()) as { data: Record<string, { type: string }[]> }).data[
        "go_goroutines"
      ]?.[0]?.type;
    });
    expect(type).toBe("gauge");
  });

  it.skipIf(CORPUS === undefined)("reads an exposition as Vedette reads it", async () => {
    const pushed = await vedette.fetch("/metrics/job/pushed", {
      method: "PUT",
      token: "vdt_ingest_local",
      body: CORPUS ?? "",
    });
    expect(pushed.status).toBe(200);
    const scraped = await eventually(
      "the corpus was scraped",
      async () => {
        const found = await byJob("corpus");
        return found.size > 0 ? found : undefined;
      },
      30_000,
    );
    expect(scraped.size).toBeGreaterThan(1500);
    expect(await byJob("pushed")).toEqual(scraped);
  });
});
