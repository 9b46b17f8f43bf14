import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "../vedette";
import { STEP, dataSet, writeRequest } from "./data";
import { type PrometheusServer, installed, startPrometheus } from "./server";

const run = promisify(execFile);
const END = Math.floor(Date.now() / 60_000) * 60 - 60;
let vedette: Vedette;

beforeAll(async () => {
  vedette = await startVedette();
  const r = await vedette.fetch("/api/v1/write", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
    body: writeRequest(dataSet(END)),
    token: "vdt_ingest_local",
  });
  expect(r.status, await r.text()).toBe(204);
}, 90_000);
afterAll(async () => {
  await vedette.stop();
});

/** Asks a Prometheus' own API. */
async function ask(server: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const r = await fetch(`${server}/api/v1/${path}`, init);
  const body = (await r.json()) as { status: string; data: unknown; error?: string };
  expect(body.status, body.error).toBe("success");
  return body.data;
}

const bySeries = (data: unknown): unknown =>
  (data as { result: { metric: unknown }[] }).result.toSorted((a, b) =>
    JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1,
  );

describe.skipIf(!installed("prometheus"))("a Prometheus that reads from Vedette", () => {
  const servers: PrometheusServer[] = [];
  const start = async (config: string): Promise<string> => {
    const server = await startPrometheus(config);
    servers.push(server);
    return server.url;
  };
  afterAll(async () => {
    await Promise.all(servers.map((s) => s.stop()));
  });

  it("by remote read answers the same as Vedette does", async () => {
    const server = await start(`
remote_read:
  - url: ${vedette.url}/api/v1/read
    read_recent: true
    authorization: { credentials: vdt_read_local }
`);
    for (const query of [
      "requests_total",
      "max by (job) (rate(requests_total[5m]))",
      'latency_bucket{le!="1",instance=~"a.*|b.*",job!~"x.+"}',
      "quoted",
      "odd",
      'gone + on () group_left temperature{instance="a:80"}',
    ]) {
      const params = new URLSearchParams({
        query,
        start: String(END - 600),
        end: String(END),
        step: "60",
      });
      const theirs = await ask(server, `query_range?${params}`);
      const ours = await ask(vedette.url, `query_range?${params}`, {
        headers: { authorization: "Bearer vdt_read_local" },
      });
      expect(bySeries(theirs), query).toEqual(bySeries(ours));
    }
    // What is read by label, without a sample.
    expect(await ask(server, `series?match[]=quoted&start=${END - 600}&end=${END}`)).toEqual([
      { __name__: "quoted", text: 'a "b" \\ c\nd é 😀' },
    ]);
  }, 60_000);

  it("by federation keeps labels, values and times", async () => {
    const server = await start(`
scrape_configs:
  - job_name: federate
    scrape_interval: 1s
    honor_labels: true
    metrics_path: /federate
    params: { "match[]": ["temperature", "{__name__=~'quoted|odd|gone|native'}"] }
    authorization: { credentials: vdt_read_local }
    static_configs: [{ targets: ["127.0.0.1:${vedette.port}"] }]
`);
    const found = await eventually(
      "the federated series",
      async () => {
        const data = (await ask(server, "query?query=temperature")) as { result: unknown[] };
        return data.result.length === 3 && data.result;
      },
      30_000,
    );
    expect(found).toMatchObject(
      ["a:80", "b:80", "c:80"].map((instance) => ({
        metric: { __name__: "temperature", instance, job: "room" },
      })),
    );
    const stored = (await ask(server, "query?query=temperature[10m]")) as {
      result: { values: [number, string][] }[];
    };
    // The sample's own time, not that of the scrape.
    expect(stored.result[0]?.values.at(-1)?.[0]).toBe(END - 14);
    const up = (await ask(server, "query?query=up")) as { result: { value: unknown[] }[] };
    expect(up.result[0]?.value[1]).toBe("1");
    expect(await ask(server, "query?query=quoted")).toMatchObject({
      // An instance of its own is not put in the place of none.
      result: [{ metric: { __name__: "quoted", text: 'a "b" \\ c\nd é 😀' } }],
    });
    expect(await ask(server, "query?query=count(odd)")).toMatchObject({
      result: [{ value: [expect.any(Number), "5"] }],
    });
    // It asks for protobuf, the one form that has native histograms.
    expect(await ask(server, "query?query=native")).toMatchObject({
      result: ["a:80", "b:80"].map((instance, k) => ({
        metric: { instance },
        histogram: [
          expect.any(Number),
          {
            count: String(240 * (k + 1)),
            sum: String(360 * (k + 1)),
            buckets: [[0, "1", "2", String(240 * (k + 1))]],
          },
        ],
      })),
    });
    // What ended ten minutes ago is nobody's last sample.
    expect(await ask(server, "query?query=gone")).toMatchObject({ result: [] });
  }, 60_000);
});

describe.skipIf(!installed("promtool"))("promtool", () => {
  const promtool = async (...args: readonly string[]): Promise<string> =>
    (await run("promtool", [...args])).stdout;
  /** Its older releases take no more than what an address can hold. */
  const server = (): string => `http://promtool:vdt_read_local@127.0.0.1:${vedette.port}`;

  it("would find it healthy and ready: the answers that its newer releases ask for", async () => {
    for (const path of ["/-/healthy", "/-/ready"]) {
      const r = await fetch(vedette.url + path);
      expect([r.status, r.headers.get("content-type")]).toEqual([200, "text/plain;charset=UTF-8"]);
      expect((await fetch(vedette.url + path, { method: "HEAD" })).status).toBe(200);
    }
  });

  it("queries an instant", async () => {
    const at = `--time=${END}`;
    expect(await promtool("query", "instant", at, server(), "sum(temperature) by (job)")).toBe(
      `{job="room"} => 72.375 @[${END}]\n`,
    );
    await expect(promtool("query", "instant", at, server(), "sum(")).rejects.toThrow(
      /bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis/,
    );
  });

  it("fetches what it debugs metrics by", async () => {
    const dir = await mkdtemp(join(tmpdir(), "promtool-"));
    try {
      await run("promtool", ["debug", "metrics", server()], { cwd: dir });
      const { stdout } = await run("tar", ["-xzOf", join(dir, "debug.tar.gz")]);
      expect(stdout).toContain("# TYPE vedette_http_requests_total counter");
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it("queries a range", async () => {
    const span = [`--start=${END - 60}`, `--end=${END}`, "--step=30s"];
    const selector = 'requests_total{instance="a:80",code="200"}';
    const out = await promtool("query", "range", ...span, server(), selector);
    expect(out).toContain('requests_total{code="200", instance="a:80", job="web"}');
    expect(out.match(/@\[\d+\]/g)).toEqual([END - 60, END - 30, END].map((t) => `@[${t}]`));
  });

  it("lists series and label values", async () => {
    const since = `--start=${END - 600}`;
    const series = await promtool("query", "series", "--match=temperature", since, server());
    expect(series.trim().split("\n")).toEqual(
      ["a:80", "b:80", "c:80"].map(
        (instance) => `{__name__="temperature", instance="${instance}", job="room"}`,
      ),
    );
    expect((await promtool("query", "labels", server(), "le")).trim().split("\n")).toEqual(
      expect.arrayContaining(["0.1", "1", "+Inf"]),
    );
  });
});

describe("Grafana's data source", () => {
  const grafana = async (path: string, form?: Record<string, string>): Promise<unknown> => {
    const r = await vedette.fetch(`/api/v1/${path}`, {
      token: "vdt_read_local",
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    expect(r.status).toBe(200);
    return ((await r.json()) as { data: unknown }).data;
  };
  const span = { start: String(END - 3600), end: String(END) };

  it("saves and tests", async () => {
    // No `features`, by which it would take it for Mimir.
    expect(Object.keys((await grafana("status/buildinfo")) as object)).not.toContain("features");
    expect(await grafana("query", { query: "1+1", time: String(END) })).toEqual({
      resultType: "scalar",
      result: [END, "2"],
    });
  });

  it("fills its builder: labels, values, metrics, metadata", async () => {
    expect(await grafana("labels", { ...span, "match[]": "temperature" })).toEqual([
      "__name__",
      "instance",
      "job",
    ]);
    const match = encodeURIComponent('temperature{instance=~"a.*"}');
    expect(
      await grafana(`label/instance/values?match[]=${match}&start=${span.start}&end=${span.end}`),
    ).toEqual(["a:80"]);
    expect(await grafana("series", { ...span, "match[]": 'temperature{job="room"}' })).toHaveLength(
      3,
    );
    expect(await grafana("metadata?limit=1")).toBeTypeOf("object");
    expect(await grafana("rules")).toEqual({ groups: [] });
    // It sends milliseconds here.
    expect(
      await grafana("query_exemplars", {
        query: "temperature",
        start: String(1000 * (END - 60)),
        end: String(1000 * END),
      }),
    ).toEqual([]);
  });

  it("draws a panel", async () => {
    const data = (await grafana("query_range", {
      query: "sum by (code) (rate(requests_total[1m0s]))",
      start: String(END - 300),
      end: String(END),
      step: String(STEP),
    })) as { result: { values: unknown[] }[] };
    expect(data.result.map((s) => s.values.length)).toEqual([21, 21]);
  });
});
