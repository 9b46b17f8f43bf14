import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "./ours";

const BINARY = "/usr/bin/prometheus-alertmanager";

/** Why there is no Alertmanager to compare with; undefined where there is one. */
export function missing(): string | undefined {
  return existsSync(BINARY) ? undefined : `${BINARY} is not installed`;
}

/** A real Alertmanager, and the webhook that all its receivers post to. */
export class Alertmanager {
  readonly messages: Message[] = [];
  private process: ChildProcess | undefined;
  private hooks: Server | undefined;
  private directory = "";
  private port = 0;
  private output = "";

  /** @param configuration - its configuration, given the webhook's address */
  async start(configuration: (hookUrl: string) => string): Promise<void> {
    this.hooks = createServer((request, response) => {
      const atMs = Date.now();
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.end();
        const data = JSON.parse(Buffer.concat(parts).toString()) as Message["data"];
        this.messages.push({ atMs, hook: (request.url ?? "").slice(1), data });
      });
    });
    // A connection that is closed as Go sends on it again costs the message its time, or the run's end.
    this.hooks.keepAliveTimeout = 120_000;
    const hookPort = await listen(this.hooks);
    this.port = await freePort();
    this.directory = mkdtempSync(join(tmpdir(), "alertmanager-"));
    const file = join(this.directory, "alertmanager.yml");
    writeFileSync(file, configuration(`http://127.0.0.1:${hookPort}`));
    this.process = spawn(
      BINARY,
      [
        `--config.file=${file}`,
        `--storage.path=${this.directory}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        "--cluster.listen-address=",
        "--log.level=warn",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const note = (text: Buffer): void => {
      this.output = (this.output + text.toString()).slice(-4_000);
    };
    this.process.stdout?.on("data", note);
    this.process.stderr?.on("data", note);
    for (let tries = 0; ; tries++) {
      if (await this.answers()) return;
      if (tries > 200 || this.process.exitCode !== null)
        throw new Error(`Alertmanager does not start: ${this.output}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async post(alert: object): Promise<void> {
    await this.call("POST", "/api/v2/alerts", [alert]);
  }

  /** Gives the silence's id. */
  async silence(silence: object): Promise<string> {
    const answer = await this.call("POST", "/api/v2/silences", silence);
    return (JSON.parse(answer) as { silenceID: string }).silenceID;
  }

  async expire(id: string): Promise<void> {
    await this.call("DELETE", `/api/v2/silence/${id}`);
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child !== undefined && child.exitCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await gone;
    }
    this.hooks?.closeAllConnections();
    this.hooks?.close();
    if (this.directory !== "") rmSync(this.directory, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/-/ready`)).ok;
    } catch {
      return false;
    }
  }

  private async call(method: string, path: string, body?: object): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
