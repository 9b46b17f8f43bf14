import { rm } from "node:fs/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

/** One state through restarts with other numbers of shards, as a team that changes METRIC_SHARDS deploys. */
let vedette: Vedette | undefined;
let stateDir: string | undefined;

afterAll(async () => {
  await vedette?.kill();
  if (stateDir !== undefined) await rm(stateDir, { recursive: true, force: true });
});

async function restart(shards: number): Promise<Vedette> {
  if (vedette !== undefined) {
    // A counter in its new shard begins with a zero one second back: what its old shard had must be older than that.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await vedette.kill();
  }
  vedette = await startVedette({
    ...(stateDir === undefined ? {} : { stateDir }),
    vars: { METRIC_SHARDS: String(shards) },
  });
  stateDir = vedette.stateDir;
  return vedette;
}

const PODS = 60;

/** One gauge of the deployment's number and one hit on a counter, for each pod. */
async function send(v: Vedette, gauge: number): Promise<void> {
  const lines = Array.from({ length: PODS }, (_, i) => `stage{pod="p${i}"} ${gauge}`).join("\n");
  const pushed = await v.fetch("/metrics/job/stages", {
    method: "POST",
    body: `# TYPE stage gauge\n${lines}\n`,
    token: "vdt_ingest_local",
  });
  expect(pushed.status, await pushed.text()).toBeLessThan(300);
  const counted = await v.fetch("/api/v1/ingest/metrics", {
    method: "POST",
    body: JSON.stringify({
      metrics: Array.from({ length: PODS }, (_, i) => ({
        name: "hits_total",
        type: "counter",
        delta: true,
        value: 1,
        tags: { pod: `p${i}` },
      })),
    }),
    headers: { "content-type": "application/json" },
    token: "vdt_ingest_local",
  });
  expect(counted.status, await counted.text()).toBeLessThan(300);
}

async function value(v: Vedette, query: string): Promise<number> {
  const r = await v.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`, {
    token: "vdt_read_local",
  });
  const body = (await r.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1]);
}

describe("raising and lowering METRIC_SHARDS", () => {
  it("keeps every series readable, one of each, and counters whole", async () => {
    for (const [i, shards] of [1, 4, 2].entries()) {
      const v = await restart(shards);
      await send(v, i + 1);
      expect(await value(v, "count(stage)")).toBe(PODS);
      expect(await value(v, "sum(stage)")).toBe(PODS * (i + 1));
      // Every deployment's first value is still there: the old shards are read.
      expect(await value(v, "sum(count_over_time(stage[10m]))")).toBeGreaterThanOrEqual(
        PODS * (i + 1),
      );
      expect(await value(v, "sum(min_over_time(stage[10m]))")).toBe(PODS);
      // A counter that moved begins again at 0: a reset, which `increase` adds up.
      const hits = await value(v, "sum(increase(hits_total[10m]))");
      expect(hits).toBeGreaterThanOrEqual(PODS * (i + 1) * 0.99);
      expect(await value(v, "count(hits_total)")).toBe(PODS);
    }
  });
});
