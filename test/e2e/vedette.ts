import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const READY_MS = 60_000;

/** A whole Vedette in a process of its own, as `npm start` runs it. */
export interface Vedette {
  readonly url: string;
  readonly port: number;
  readonly stateDir: string;
  readonly process: ChildProcess;
  /** The workerd process that the launcher started. */
  readonly workerdPid: number;
  /** fetch with a token, relative to the address. */
  readonly fetch: (path: string, init?: RequestInit & { token?: string }) => Promise<Response>;
  /** Ends it gracefully and deletes its state. */
  readonly stop: () => Promise<void>;
  /** kill -9 of launcher and workerd, as a power cut would; the state stays. */
  readonly kill: () => Promise<void>;
}

export interface StartOptions {
  readonly stateDir?: string;
  readonly port?: number;
  /** Variables of the Worker. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Fires the Cron Trigger each minute; off unless set. */
  readonly cron?: boolean;
}

/** Starts the built Worker on a free port; resolves when it answers /healthz. The bundle is built where it is old. */
export async function startVedette(options: StartOptions = {}): Promise<Vedette> {
  const port = options.port ?? (await freePort());
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "vedette-")));
  const env: NodeJS.ProcessEnv = { ...process.env, PORT: String(port), STATE_DIR: stateDir };
  if (options.cron !== true) env["VEDETTE_NO_CRON"] = "1";
  for (const [k, v] of Object.entries(options.vars ?? {})) env[`VEDETTE_VAR_${k}`] = v;
  const child = spawn(
    join(root, "node_modules/node/bin/node"),
    [join(root, "scripts/launch.mjs")],
    {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // its own process group, so that kill() reaches workerd as well
    },
  );
  const output: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Vedette did not start in ${READY_MS} ms:\n${output.join("")}`)),
      READY_MS,
    );
    const listen = (chunk: Buffer): void => {
      output.push(chunk.toString());
      if (output.join("").includes("Vedette is up at")) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`Vedette ended with ${code}:\n${output.join("")}`));
    });
  });
  if (process.env["VEDETTE_TEST_VERBOSE"] === "1") child.stderr.pipe(process.stderr);
  const url = `http://127.0.0.1:${port}`;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url,
    port,
    stateDir,
    process: child,
    workerdPid: await workerdChild(child.pid as number),
    fetch: (path, init = {}) => {
      const { token, ...rest } = init;
      const headers = new Headers(rest.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return fetch(url + path, { ...rest, headers });
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await gone;
      if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
    async kill() {
      try {
        process.kill(-(child.pid as number), "SIGKILL");
      } catch {
        // gone already
      }
      await gone;
    },
  };
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}

/** Polls `probe` until it gives a value, or throws what `what` names. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 10_000,
  everyMs = 50,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end)
      throw new Error(
        `not within ${timeoutMs} ms: ${what}${last === undefined ? "" : ` (${String(last)})`}`,
      );
    await new Promise((r) => setTimeout(r, everyMs));
  }
}

async function workerdChild(parent: number): Promise<number> {
  const { readdir, readFile } = await import("node:fs/promises");
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = await readFile(`/proc/${entry}/stat`, "utf8");
      const m = /^\d+ \((.*)\) \S (\d+)/.exec(stat);
      if (m !== null && Number(m[2]) === parent && m[1]?.startsWith("workerd") === true)
        return Number(entry);
    } catch {
      // the process ended while we looked
    }
  }
  return 0;
}
