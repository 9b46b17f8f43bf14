import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFamilies } from "../ingest/exposition/encode-protobuf";
import { type Vedette, eventually, freePort, startVedette } from "./vedette";

/** Debian's package; skipped where it is not installed. */
const PROMETHEUS = "/usr/bin/prometheus";
const TYPE =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** A pair of Prometheus servers that scrape one native histogram with exemplars and write it here. */
describe.skipIf(!existsSync(PROMETHEUS))("Prometheus servers with native histograms", () => {
  let vedette: Vedette;
  let target: Server;
  const dirs: string[] = [];
  const servers: { port: number; process: ChildProcess }[] = [];

  beforeAll(async () => {
    vedette = await startVedette();
    const targetPort = await freePort();
    let scrapes = 0;
    target = createServer((_, res) => {
      scrapes++;
      const native = {
        count: 4 * scrapes + 1,
        sum: 10 * scrapes,
        schema: 1,
        zeroThreshold: 0.001,
        zeroCount: 1,
        positiveSpans: [[0, 2]] as const,
        positive: [scrapes, 2 * scrapes],
        buckets: [
          {
            bound: 1,
            count: scrapes,
            exemplar: { trace: `t${scrapes}`, value: 0.7, timeMs: Date.now() },
          },
        ],
      };
      res
        .setHeader("content-type", TYPE)
        .end(encodeFamilies([{ name: "native_seconds", type: 4, metrics: [{ native }] }]));
    }).listen(targetPort, "127.0.0.1");
    for (const replica of ["a", "b"]) {
      const dir = await mkdtemp(join(tmpdir(), "vedette-native-"));
      const port = await freePort();
      const config = {
        global: {
          scrape_interval: "1s",
          external_labels: { cluster: "pair", __replica__: replica },
        },
        scrape_configs: [
          { job_name: "native", static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }] },
        ],
        remote_write: [
          {
            url: `${vedette.url}/api/v1/write`,
            authorization: { credentials: "vdt_ingest_local" },
            send_native_histograms: true,
            send_exemplars: true,
            queue_config: { batch_send_deadline: "500ms" },
          },
        ],
      };
      // JSON is YAML.
      await writeFile(join(dir, "prometheus.yml"), JSON.stringify(config));
      dirs.push(dir);
      servers.push({
        port,
        process: spawn(
          PROMETHEUS,
          [
            `--config.file=${dir}/prometheus.yml`,
            `--storage.tsdb.path=${dir}/data`,
            `--web.listen-address=127.0.0.1:${port}`,
            "--enable-feature=native-histograms,exemplar-storage",
          ],
          { stdio: "ignore" },
        ),
      });
    }
  }, 90_000);
  afterAll(async () => {
    for (const s of servers) {
      const gone = new Promise((resolve) => s.process.once("exit", resolve));
      s.process.kill("SIGTERM");
      await gone;
    }
    target.closeAllConnections();
    target.close();
    await vedette.stop();
    for (const dir of dirs) await rm(dir, { recursive: true, force: true });
  });

  async function value(base: string, expr: string): Promise<number> {
    const r = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expr)}`, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
    const body = (await r.json()) as { data: { result: { value: [number, string] }[] } };
    expect(body.data.result.length, expr).toBeLessThanOrEqual(1);
    return Number(body.data.result[0]?.value[1] ?? Number.NaN);
  }
  /** Prometheus' own counters of one remote write queue. */
  async function own(port: number, metric: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  }

  it("send histograms, samples and exemplars, none of which fails", async () => {
    for (const { port } of servers) {
      await eventually(
        "histograms and exemplars were sent",
        async () =>
          (await own(port, "prometheus_remote_storage_histograms_total")) >= 5 &&
          (await own(port, "prometheus_remote_storage_exemplars_total")) >= 3,
        45_000,
      );
      for (const kind of ["samples", "histograms", "exemplars"])
        for (const fate of ["failed", "dropped", "retried"])
          expect(
            (await own(port, `prometheus_remote_storage_${kind}_${fate}_total`)) || 0,
            `${kind} ${fate}`,
          ).toBe(0);
    }
  }, 60_000);

  it("are stored once, without the replica's label", async () => {
    await eventually("up has arrived", async () => (await value(vedette.url, "count(up)")) === 1);
    expect(await value(vedette.url, 'count(up{cluster="pair", __replica__=""})')).toBe(1);
    const metrics = await (await vedette.fetch("/metrics", { token: "vdt_read_local" })).text();
    expect(Number(/^vedette_deduplicated_samples_total (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(
      10,
    );
  });

  it("have their histograms answered as they answer them", async () => {
    const at = Math.floor(Date.now() / 1000) - 3;
    for (const expr of [
      `histogram_sum(native_seconds @ ${at}) / histogram_count(native_seconds @ ${at}) > bool 2`,
      `histogram_quantile(0.5, native_seconds @ ${at})`,
    ]) {
      const ours = await value(vedette.url, expr);
      const theirs = await Promise.all(
        servers.map((s) => value(`http://127.0.0.1:${s.port}`, expr)),
      );
      expect(
        theirs.some((t) => Math.abs(t - ours) < 0.05 * Math.abs(t) + 1e-9),
        `${expr}: ${ours} and ${theirs.join(", ")}`,
      ).toBe(true);
    }
  });

  it("have their exemplars found", async () => {
    const r = await vedette.fetch(
      `/api/v1/query_exemplars?query=native_seconds&start=${Date.now() / 1000 - 120}&end=${Date.now() / 1000}`,
      { token: "vdt_read_local" },
    );
    expect(await r.json()).toMatchObject({
      status: "success",
      data: [
        {
          seriesLabels: { __name__: "native_seconds", job: "native" },
          exemplars: expect.arrayContaining([
            expect.objectContaining({
              labels: { trace_id: expect.stringMatching(/^t\d+$/) as string },
            }),
          ]) as unknown,
        },
      ],
    });
  });
});
