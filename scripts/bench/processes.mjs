// Servers under test, each in a process of its own that ends with the benchmark.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node, root } from "../install.mjs";

const READY_MS = 60_000;

export async function startVedette(vars = {}) {
  const port = await freePort();
  const stateDir = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  const env = { ...process.env, PORT: String(port), STATE_DIR: stateDir, VEDETTE_SKIP_BUILD: "1", VEDETTE_NO_CRON: "1" };
  for (const [k, v] of Object.entries(vars)) env[`VEDETTE_VAR_${k}`] = v;
  const child = spawn(node, [join(root, "scripts/launch.mjs")], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/healthz`, child);
  return { url, stateDir, stop: () => end(child, stateDir) };
}

/** Debian's Prometheus as a remote-write receiver, or undefined where it is not installed. */
export async function startPrometheus() {
  if (!existsSync("/usr/bin/prometheus")) return undefined;
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "prometheus-bench-"));
  const config = join(dir, "prometheus.yml");
  writeFileSync(config, "global: {}\n");
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, "data")}`, `--web.listen-address=127.0.0.1:${port}`, "--web.enable-remote-write-receiver", "--log.level=error"];
  const child = spawn("/usr/bin/prometheus", args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`, child);
  return { url, stop: () => end(child, dir) };
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

async function ready(url, child) {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const ok = await fetch(url).then(
      (r) => r.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`${url} did not answer within ${READY_MS} ms`);
}

async function end(child, dir) {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
  rmSync(dir, { recursive: true, force: true });
}
