import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;

/** A real Prometheus on a free port over its own empty store, taking remote write. */
export class PrometheusProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly dir: string,
  ) {}

  static async start(): Promise<PrometheusProcess> {
    const dir = mkdtempSync(join(tmpdir(), "promql-differential-"));
    writeFileSync(join(dir, "prometheus.yml"), "global: { scrape_interval: 1h }\n");
    const port = await freePort();
    const child = spawn(
      "prometheus",
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--web.enable-remote-write-receiver",
      ],
      { stdio: "ignore" },
    );
    const started = new PrometheusProcess(`http://127.0.0.1:${port}`, child, dir);
    for (let i = 0; i < 100; i++) {
      const ready = await fetch(`${started.url}/-/ready`).catch(() => undefined);
      if (ready?.ok === true) return started;
      await new Promise((r) => setTimeout(r, 100));
    }
    started.stop();
    throw new Error("prometheus did not become ready");
  }

  async ask(path: string, params: Readonly<Record<string, string>>): Promise<unknown> {
    const r = await fetch(`${this.url}/api/v1/${path}`, {
      method: "POST",
      body: new URLSearchParams(params),
    });
    return await r.json();
  }

  stop(): void {
    this.child.once("exit", () => rmSync(this.dir, { recursive: true, force: true }));
    this.child.kill("SIGKILL");
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
