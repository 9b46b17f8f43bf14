import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Registry } from "prom-client";
import { type Vedette, eventually } from "../vedette";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

/**
 * A pack's rules at the pace of a test: held for a second, over windows of twenty, evaluated every two. What
 * their own durations mean is shown on virtual time in test/rules/shorthand/packs.test.ts.
 */
export function atTestPace(rules: string): string {
  const fast = rules
    .replaceAll(/\b(duration|for): \d+m\b/g, "$1: 1s")
    .replaceAll(/\[(5m|1h)\]/g, "[20s]")
    .replaceAll(/ in \d+m\b/g, " in 20s")
    .replaceAll(/(change\([a-z_]+), \d+m\)/g, "$1, 20s)")
    .replaceAll(/^interval: .*\n/gm, "")
    .replaceAll(/^( +- name: \w+\n)( +rules:)/gm, "$1    interval: 2s\n$2");
  return /^groups:/m.test(rules) ? fast : `interval: 2s\nwindow: 20s\n${fast}`;
}

/** Applies a pack by the command that its users have, with its rules at the test's pace. */
export async function applyPack(vedette: Vedette, name: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "vedette-pack-"));
  try {
    // As its users have it, before it is made faster.
    await apply(vedette, join(root, "packs", name));
    await mkdir(join(dir, "rules"));
    const rules = await readFile(join(root, `packs/${name}/rules/${name}.yml`), "utf8");
    await writeFile(join(dir, "rules", `${name}.yml`), atTestPace(rules));
    await apply(vedette, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function apply(vedette: Vedette, dir: string): Promise<void> {
  await run(process.execPath, [join(root, "scripts/apply.mjs"), dir], {
    cwd: root,
    env: { ...process.env, VEDETTE_URL: vedette.url, VEDETTE_TOKEN: "vdt_admin_local" },
  });
}

/** The names of the alerts that fire. */
export async function firing(vedette: Vedette): Promise<string[]> {
  const r = await vedette.fetch("/api/v1/alerts", { token: "vdt_read_local" });
  const body = (await r.json()) as {
    data: { alerts: { state: string; labels: Record<string, string> }[] };
  };
  const names = body.data.alerts
    .filter((a) => a.state === "firing")
    .map((a) => a.labels["alertname"] ?? "");
  return [...new Set(names)].toSorted();
}

/** Sends once a second until the alerts that fire are those expected. */
export async function sendUntilFiring(
  vedette: Vedette,
  send: () => Promise<void>,
  expected: readonly string[],
): Promise<void> {
  const wanted = expected.toSorted().join(", ");
  let last = "";
  try {
    await eventually(
      `the alerts ${wanted === "" ? "all resolved" : wanted}`,
      async () => {
        await send();
        last = (await firing(vedette)).join(", ");
        return last === wanted;
      },
      60_000,
      1_000,
    );
  } catch (e) {
    throw new Error(`firing were: ${last}`, { cause: e });
  }
}

export async function post(vedette: Vedette, path: string, body: unknown): Promise<void> {
  const r = await vedette.fetch(path, {
    method: "POST",
    token: "vdt_ingest_local",
    headers: { "content-type": typeof body === "string" ? "text/plain" : "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  if (!r.ok) throw new Error(`POST ${path}: ${r.status} ${await r.text()}`);
}

/** Serves a registry at /metrics and has Vedette scrape it every second. */
export async function scraped(vedette: Vedette, registry: Registry): Promise<Server> {
  const server = createServer((_, response) => {
    void registry.metrics().then((text) => {
      response.writeHead(200, { "content-type": registry.contentType }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // of a TCP server
  const r = await vedette.fetch("/config/v1/prometheus", {
    method: "PUT",
    token: "vdt_admin_local",
    headers: { "content-type": "application/yaml" },
    body: `scrape_configs:
  - job_name: app
    scrape_interval: 1s
    static_configs: [{ targets: ["127.0.0.1:${port}"] }]
`,
  });
  if (!r.ok) throw new Error(`scrape: ${r.status} ${await r.text()}`);
  return server;
}
