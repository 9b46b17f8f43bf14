import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import type { InboxMessage } from "../../src/notify/model";
import type { HeartbeatView } from "../../src/heartbeats/view";
import { type Vedette, eventually, startVedette } from "./vedette";

const run = promisify(execFile);
let v: Vedette | undefined;

afterAll(async () => {
  await v?.stop();
  if (v !== undefined) await rm(v.stateDir, { recursive: true, force: true });
});

/** As a cron job's last line does it. */
const curl = async (...args: readonly string[]): Promise<string> =>
  (await run("curl", ["-fsS", "-m", "10", ...args])).stdout;

it("a job that pings by curl is missed after a kill -9 and a pause, and is well again by its next ping", async () => {
  let vedette = await startVedette();
  v = vedette;
  const made = await vedette.fetch("/api/v1/heartbeats", {
    method: "POST",
    token: "vdt_admin_local",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "job", every: "10s", grace: "3s", labels: { team: "ops" } }),
  });
  const { ping_url: pingUrl } = (await made.json()) as { ping_url: string };
  expect(await curl(`${pingUrl}/start`)).toBe("OK\n");
  expect(await curl("--data-binary", "all well", `${pingUrl}/0`)).toBe("OK\n");
  const { stateDir, port } = vedette;
  await vedette.kill();
  // Nobody is there when the deadline passes.
  await new Promise((r) => setTimeout(r, 14_000));
  vedette = await startVedette({ stateDir, port });
  v = vedette;
  const inbox = async (): Promise<readonly string[]> => {
    const r = await vedette.fetch("/api/v1/receiver/inbox", { token: "vdt_read_local" });
    const { messages } = (await r.json()) as { messages: readonly InboxMessage[] };
    return messages
      .filter((m) => m.data.commonLabels["heartbeat"] === "job")
      .map((m) => m.data.status);
  };
  await eventually("its absence is told", async () => (await inbox()).includes("firing"), 30_000);
  const shown = await vedette.fetch("/api/v1/heartbeats/job", { token: "vdt_read_local" });
  expect((await shown.json()) as HeartbeatView).toMatchObject({
    status: "missing",
    missing: { reason: "missed" },
    pings: [
      { kind: "success", exit_code: 0, note: "all well" },
      { kind: "start", note: null },
    ],
  });
  expect(await curl(pingUrl)).toBe("OK\n");
  await eventually("its return is told", async () => (await inbox()).includes("resolved"), 30_000);
  await expect(curl(`${pingUrl.slice(0, -1)}x`)).rejects.toThrow(/404/);
}, 150_000);
