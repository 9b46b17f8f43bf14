// Servers under test, each in a process of its own that ends with the benchmark.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node, root } from "../install.mjs";

const READY_MS = 60_000;
export const ADMIN = { authorization: "Bearer vdt_admin_local" };

/** The Worker as `npm start` runs it. With a `stateDir` it goes on with what an earlier one left there, and leaves it. */
export async function startVedette(vars = {}, { stateDir, env: extra = {} } = {}) {
  const port = await freePort();
  const dir = stateDir ?? mkdtempSync(join(tmpdir(), "vedette-bench-"));
  const env = {
    ...process.env,
    ...extra,
    PORT: String(port),
    STATE_DIR: dir,
    VEDETTE_SKIP_BUILD: "1",
    VEDETTE_NO_CRON: "1",
  };
  for (const [k, v] of Object.entries(vars)) env[`VEDETTE_VAR_${k}`] = v;
  const child = spawn(node, [join(root, "scripts/launch.mjs")], {
    cwd: root,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/healthz`, child);
  return { url, stateDir: dir, stop: () => end(child, stateDir === undefined ? dir : undefined) };
}

export function prometheusInstalled() {
  if (existsSync("/usr/bin/prometheus")) return true;
  console.log(
    "  There is no /usr/bin/prometheus (Debian: apt-get install prometheus); nothing to compare with.",
  );
  return false;
}

/** Debian's Prometheus as a remote-write receiver. */
export async function startPrometheus() {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "prometheus-bench-"));
  const config = join(dir, "prometheus.yml");
  writeFileSync(config, "global: {}\n");
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--web.enable-remote-write-receiver",
    "--log.level=error",
  ];
  const child = spawn("/usr/bin/prometheus", args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`, child);
  return { url, stop: () => end(child, dir) };
}

/** Debian's node_exporter, for figures of a real machine; undefined where it is not installed. */
export async function startNodeExporter() {
  if (!existsSync("/usr/bin/prometheus-node-exporter")) return undefined;
  const port = await freePort();
  const child = spawn(
    "/usr/bin/prometheus-node-exporter",
    [`--web.listen-address=127.0.0.1:${port}`],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}/metrics`;
  await ready(url, child);
  return { url, stop: () => end(child, undefined) };
}

export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export async function ready(url, child) {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const ok = await fetch(url).then(
      (r) => r.arrayBuffer().then(() => r.ok),
      () => false,
    );
    if (ok) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`${url} did not answer within ${READY_MS} ms`);
}

export async function end(child, dir) {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
}
