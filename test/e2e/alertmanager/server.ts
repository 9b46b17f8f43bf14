import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort } from "../vedette";

/** Whether a program is on this machine. */
export function installed(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A real Alertmanager in a process of its own. */
export interface AlertmanagerServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts one, without a cluster, with a configuration file's text. */
export async function startAlertmanager(
  config: string,
  externalUrl?: string,
): Promise<AlertmanagerServer> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), "alertmanager-"));
  await writeFile(join(dir, "alertmanager.yml"), config);
  const child: ChildProcess = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${join(dir, "alertmanager.yml")}`,
      `--storage.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=error",
      ...(externalUrl === undefined
        ? []
        : [`--web.external-url=${externalUrl}`, "--web.route-prefix=/"]),
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    await gone;
    await rm(dir, { recursive: true, force: true });
  };
  await eventually("Alertmanager is ready", async () => (await fetch(`${url}/-/ready`)).ok, 20_000);
  return { url, stop };
}

/** What a command said and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], input?: string): Promise<Ran> {
  return await new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, HOME: "/nonexistent", TZ: "UTC" } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input ?? "");
  });
}
