import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, freePort, startVedette } from "./vedette";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const EXPORTER = "/usr/bin/prometheus-node-exporter";
const PROMETHEUS = "/usr/bin/prometheus";
const PROMTOOL = "/usr/bin/promtool";
const missing = [EXPORTER, PROMETHEUS, PROMTOOL].filter((p) => !existsSync(p));
if (missing.length > 0)
  console.warn(`parts of test/e2e/scrape.test.ts are skipped: ${missing.join(", ")} not installed`);

let vedette: Vedette;
let dir: string;
const processes: ChildProcess[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  vedette = await startVedette();
  dir = await mkdtemp(join(tmpdir(), "vedette-scrape-"));
});
afterAll(async () => {
  for (const p of processes) p.kill();
  for (const s of servers) s.close();
  await vedette?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

async function apply(yaml: string): Promise<Record<string, unknown>> {
  const r = await vedette.fetch("/config/v1/prometheus", {
    method: "PUT",
    token: "vdt_admin_local",
    headers: { "content-type": "application/yaml" },
    body: yaml,
  });
  const body = (await r.json()) as Record<string, unknown>;
  expect(r.status, JSON.stringify(body)).toBe(200);
  return body;
}

async function ask(query: string, base = vedette.url): Promise<Record<string, number>> {
  const r = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`, {
    headers: { authorization: "Bearer vdt_read_local" },
  });
  const body = (await r.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return Object.fromEntries(
    body.data.result.map((s) => [JSON.stringify(s.metric), Number(s.value[1])]),
  );
}

async function one(query: string): Promise<number | undefined> {
  return Object.values(await ask(query))[0];
}

/** A target whose body and status a test changes. */
async function serve(page: { body: string; status: number; hang?: boolean }): Promise<number> {
  const server = createServer((request, response) => {
    if (page.hang === true) return;
    if (request.url === "/moved") {
      response.writeHead(302, { location: "/metrics" }).end();
      return;
    }
    response.writeHead(page.status, { "content-type": "text/plain; version=0.0.4" });
    response.end(page.body);
  });
  servers.push(server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return port;
}

describe("scraping", () => {
  it(
    "marks stale what vanishes, tells a target that is down, and hangs on nobody",
    { timeout: 60_000 },
    async () => {
      const page = { body: 'a{x="1"} 1\nb 2\n', status: 200 };
      const port = await serve(page);
      const hung = await serve({ body: "", status: 200, hang: true });
      await apply(`
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
  - job_name: hung
    static_configs: [{ targets: ['127.0.0.1:${hung}'] }]
`);
      await eventually(
        "both series",
        async () => (await one("count({__name__=~'a|b'})")) === 2,
        20_000,
      );
      expect(await one(`up{job="app"}`)).toBe(1);
      expect(await one(`scrape_samples_scraped{job="app"}`)).toBe(2);
      page.body = 'a{x="1"} 1\n';
      await eventually("b to be stale", async () => (await one("b")) === undefined, 20_000);
      expect(await one("a")).toBe(1);
      await eventually(
        "the hung one to be down",
        async () => (await one(`up{job="hung"}`)) === 0,
        20_000,
      );
      page.status = 500;
      await eventually(
        "the target to be down",
        async () => (await one(`up{job="app"}`)) === 0,
        20_000,
      );
      expect(await one("a")).toBeUndefined();
      const r = await vedette.fetch("/api/v1/targets?state=active", { token: "vdt_read_local" });
      const { data } = (await r.json()) as {
        data: { activeTargets: { scrapePool: string; health: string; lastError: string }[] };
      };
      expect(data.activeTargets.map((t) => [t.scrapePool, t.health, t.lastError]).sort()).toEqual([
        ["app", "down", "server returned HTTP status 500"],
        ["hung", "down", "context deadline exceeded"],
      ]);
      // A job that is gone ends its series, `up` too.
      await apply("scrape_configs: []");
      await eventually(
        "no job to be left",
        async () => Object.keys(await ask("up")).length === 0,
        20_000,
      );
    },
  );

  it(
    "probes as blackbox_exporter does, within the job's object and on demand",
    { timeout: 60_000 },
    async () => {
      const port = await serve({ body: "all is well", status: 200 });
      const r = await vedette.fetch("/config/v1/probes", {
        method: "PUT",
        token: "vdt_admin_local",
        headers: { "content-type": "application/yaml" },
        body: "modules: { well: { prober: http, http: { fail_if_body_not_matches_regexp: [well] } }, ill: { prober: http, http: { fail_if_body_not_matches_regexp: [ill] } } }",
      });
      expect(r.status, await r.text()).toBe(200);
      const job = (name: string): string => `
  - job_name: ${name}
    metrics_path: /probe
    params: { module: [${name}] }
    static_configs: [{ targets: ['http://127.0.0.1:${port}/moved'] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: '127.0.0.1:9115' }`;
      await apply(`global: { scrape_interval: 1s }\nscrape_configs:${job("well")}${job("ill")}`);
      await eventually(
        "both probes",
        async () => Object.keys(await ask("probe_success")).length === 2,
        20_000,
      );
      expect(await one(`probe_success{job="well"}`)).toBe(1);
      expect(await one(`probe_success{job="ill"}`)).toBe(0);
      expect(await one(`probe_failed_due_to_regex{job="ill"}`)).toBe(1);
      expect(await one(`probe_http_redirects{job="well"}`)).toBe(1);
      expect(await one(`probe_http_status_code{job="well"}`)).toBe(200);
      const now = await vedette.fetch(`/probe?module=well&target=http://127.0.0.1:${port}/`, {
        token: "vdt_read_local",
      });
      const text = await now.text();
      expect(text).toContain("probe_success 1\n");
      // The page comes in chunks, and does not say how long it is.
      expect(text).toContain("probe_http_content_length -1\n");
      expect(text).toContain("probe_http_uncompressed_body_length 11\n");
    },
  );

  it("hides secrets, and keeps one that is put back hidden", async () => {
    const yaml =
      "scrape_configs: [{ job_name: s, basic_auth: { username: u, password: hunter2 }, static_configs: [] }]";
    await apply(yaml);
    const shown = async (path: string, token: string): Promise<string> =>
      (await vedette.fetch(path, { token })).text();
    for (const text of [
      await shown("/config/v1/prometheus", "vdt_admin_local"),
      await shown("/api/v1/status/config", "vdt_read_local"),
    ]) {
      expect(text).toContain("<secret>");
      expect(text).not.toContain("hunter2");
    }
    await apply(yaml.replace("hunter2", '"<secret>"'));
  });
});

const BLACKBOX = "/usr/bin/prometheus-blackbox-exporter";
if (!existsSync(BLACKBOX))
  console.warn(`a part of test/e2e/scrape.test.ts is skipped: ${BLACKBOX} not installed`);

it.skipIf(!existsSync(BLACKBOX))(
  "finds of a page what blackbox_exporter finds",
  { timeout: 60_000 },
  async () => {
    const page = { body: "all is well", status: 200 };
    const port = await serve(page);
    const modules = `
modules:
  http_2xx: { prober: http }
  teapot: { prober: http, http: { valid_status_codes: [418] } }
  stay: { prober: http, http: { follow_redirects: false } }
  ill: { prober: http, http: { fail_if_body_matches_regexp: ["w.ll$"] } }
  tls: { prober: http, http: { fail_if_not_ssl: true } }
  typed: { prober: http, http: { method: POST, body: x, fail_if_header_not_matches: [{ header: content-type, regexp: json }] } }
`;
    const r = await vedette.fetch("/config/v1/probes", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: modules,
    });
    expect(r.status, await r.text()).toBe(200);
    const file = join(dir, "blackbox.yml");
    await writeFile(file, modules);
    const beside = await freePort();
    processes.push(
      spawn(BLACKBOX, [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${beside}`], {
        stdio: "ignore",
      }),
    );
    // Not times, nor what a Worker is not told: addresses, protocols.
    const told =
      /^probe_(?:success|failed_due_to_regex|http_(?:status_code|redirects|ssl|content_length|uncompressed_body_length)) /;
    const lines = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => told.test(line))
        .sort();
    const theirs = (path: string): Promise<string> =>
      fetch(`http://127.0.0.1:${beside}${path}`).then(
        (answer) => answer.text(),
        () => "",
      );
    await eventually("the exporter", async () => (await theirs("/metrics")) !== "", 20_000);
    for (const module of ["http_2xx", "teapot", "stay", "ill", "tls", "typed"])
      for (const [path, status] of [
        ["/", 200],
        ["/", 418],
        ["/moved", 200],
      ] as const) {
        page.status = status;
        const probe = `/probe?module=${module}&target=http://127.0.0.1:${port}${path}`;
        const ours = await (await vedette.fetch(probe, { token: "vdt_read_local" })).text();
        expect(lines(ours), `${module} ${path} ${status}`).toEqual(lines(await theirs(probe)));
        expect(lines(ours)).toHaveLength(7);
      }
  },
);

describe.skipIf(missing.length > 0)("beside Debian's Prometheus", () => {
  it(
    "scrapes the same series from node_exporter, and an agent pushes them",
    { timeout: 120_000 },
    async () => {
      const exporter = await freePort();
      processes.push(
        spawn(EXPORTER, [`--web.listen-address=127.0.0.1:${exporter}`], { stdio: "ignore" }),
      );
      const config = `
global: { scrape_interval: 2s, scrape_timeout: 1s }
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ['127.0.0.1:${exporter}'], labels: { env: test } }]
    metric_relabel_configs:
      - { source_labels: [__name__], regex: 'node_scrape_collector_.*', action: drop }
      - { source_labels: [mode], regex: '(.*)', target_label: kind }
`;
      const file = join(dir, "prometheus.yml");
      await writeFile(file, config);
      const beside = await freePort();
      processes.push(
        spawn(
          PROMETHEUS,
          [
            `--config.file=${file}`,
            `--storage.tsdb.path=${join(dir, "data")}`,
            `--web.listen-address=127.0.0.1:${beside}`,
          ],
          { stdio: "ignore" },
        ),
      );
      await apply(config);
      // Prometheus 3 writes bounds as floats, which 2.42 keeps as they were exposed.
      const canonical = (key: string): string => {
        const metric = JSON.parse(key) as Record<string, string>;
        for (const bound of ["le", "quantile"])
          if (metric[bound] !== undefined) metric[bound] = String(Number(metric[bound]));
        return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
      };
      const series = async (base: string): Promise<string[]> =>
        Object.keys(await ask(`{job="node"}`, base))
          .map(canonical)
          .sort();
      const theirs = `http://127.0.0.1:${beside}`;
      await eventually(
        "the same series in both",
        async () => {
          const [ours, other] = await Promise.all([
            series(vedette.url),
            series(theirs).catch(() => []),
          ]);
          return (
            ours.length > 300 &&
            ours.length === other.length &&
            ours.join("\n") === other.join("\n")
          );
        },
        40_000,
      );

      const agentFile = join(dir, "agent.yml");
      await run(process.execPath, [
        join(root, "scripts/agent-config.mjs"),
        file,
        "--url",
        vedette.url,
        "--out",
        agentFile,
      ]);
      await apply("scrape_configs: []");
      await eventually(
        "nothing to be scraped",
        async () => (await series(vedette.url)).length === 0,
        20_000,
      );
      const { stdout } = await run(PROMTOOL, ["check", "config", "--agent", agentFile]);
      expect(stdout).toContain("SUCCESS");
      processes.push(
        spawn(
          PROMETHEUS,
          [
            "--enable-feature=agent",
            `--config.file=${agentFile}`,
            `--storage.agent.path=${join(dir, "agent")}`,
            `--web.listen-address=127.0.0.1:${await freePort()}`,
          ],
          { stdio: "ignore" },
        ),
      );
      await eventually(
        "the agent's samples",
        async () => (await series(vedette.url)).length > 300,
        40_000,
      );
    },
  );
});
