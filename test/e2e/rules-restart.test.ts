import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "./vedette";

let stateDir = "";
let vedette: Vedette;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "vedette-rules-"));
  vedette = await startVedette({ stateDir });
});

afterAll(async () => {
  await vedette.stop();
  await rm(stateDir, { recursive: true, force: true });
});

interface Shown {
  readonly state: string;
  readonly activeAt: string;
}

async function alerts(name: string): Promise<Shown[]> {
  const r = await vedette.fetch("/api/v1/alerts", { token: "vdt_read_local" });
  const { data } = (await r.json()) as {
    data: { alerts: (Shown & { labels: Record<string, string> })[] };
  };
  return data.alerts.filter((a) => a.labels["alertname"] === name);
}

it("goes on from where kill -9 found it: pending since, firing since, and on time", async () => {
  const sent = await vedette.fetch("/api/v1/import/prometheus", {
    method: "POST",
    token: "vdt_ingest_local",
    body: "killed_a 1\n",
  });
  expect(sent.status).toBe(204);
  const put = await vedette.fetch("/config/v1/rules/killed", {
    method: "PUT",
    token: "vdt_admin_local",
    headers: { "content-type": "application/yaml" },
    body: "groups:\n- name: g\n  interval: 1s\n  rules:\n  - {alert: Fires, expr: killed_a > 0}\n  - {alert: Waits, expr: killed_a > 0, for: 20s}\n",
  });
  expect(put.status).toBe(202);
  await eventually(
    "one fires and one waits",
    async () =>
      (await alerts("Fires"))[0]?.state === "firing" &&
      (await alerts("Waits"))[0]?.state === "pending",
  );
  const before = [await alerts("Fires"), await alerts("Waits")].flat().map((a) => a.activeAt);

  await vedette.kill();
  vedette = await startVedette({ stateDir });

  const after = [await alerts("Fires"), await alerts("Waits")].flat().map((a) => a.activeAt);
  expect(after).toEqual(before);
  // Nobody asks and nothing is written: the alarm alone brings the group back.
  const due = Date.parse(before[1] ?? "") + 20_000;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due + 2_500 - Date.now())));
  expect((await alerts("Waits"))[0]?.state).toBe("firing");
  const r = await vedette.fetch(
    `/api/v1/query_range?query=${encodeURIComponent('ALERTS{alertname="Waits",alertstate="firing"}')}&start=${due / 1000 - 5}&end=${due / 1000 + 5}&step=1`,
    { token: "vdt_read_local" },
  );
  const { data } = (await r.json()) as { data: { result: { values: [number, string][] }[] } };
  const first = data.result[0]?.values[0]?.[0] ?? 0;
  expect(first * 1000 - due).toBeGreaterThanOrEqual(0);
  expect(first * 1000 - due).toBeLessThan(2_000);
});
