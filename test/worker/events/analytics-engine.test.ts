import { describe, expect, it } from "vitest";
import { EVENT_BLOBS, EVENT_DOUBLES, POINT_LIMITS } from "../../../src/events/points";
import { makeAnalyticsSink, pointAllowance } from "../../../src/storage/analytics-engine";
import { compose } from "../../../src/compose";
import { makeApp } from "../../../src/app";
import { env } from "cloudflare:workers";
import type { Env } from "../../../src/env";
import { writeRollupPoints } from "../../../src/http/events/write-rollup";
import { values } from "../ingest-metrics-client";
import { productEvent } from "../../events/product-event";

interface Written {
  readonly indexes: readonly string[];
  readonly blobs: readonly string[];
  readonly doubles: readonly number[];
}

/** Stands for Analytics Engine, which cannot be read anywhere but in an account: keeps points and asserts the platform's limits. */
function recorder(): { readonly points: Written[]; readonly dataset: AnalyticsEngineDataset } {
  const points: Written[] = [];
  const utf8 = (text: string): number => new TextEncoder().encode(text).length;
  const dataset: AnalyticsEngineDataset = {
    writeDataPoint(point) {
      const { indexes = [], blobs = [], doubles = [] } = point as Written;
      expect(indexes).toHaveLength(1);
      expect(utf8(indexes[0] ?? "")).toBeLessThanOrEqual(96);
      expect(blobs.length).toBeLessThanOrEqual(20);
      expect(doubles.length).toBeLessThanOrEqual(20);
      expect(blobs.reduce((n, b) => n + utf8(b), 0)).toBeLessThanOrEqual(16 * 1024);
      expect(doubles.every(Number.isFinite)).toBe(true);
      points.push({ indexes, blobs, doubles });
      expect(points.length).toBeLessThanOrEqual(250);
    },
  };
  return { points, dataset };
}

const weight = (points: readonly Written[]): number =>
  points.reduce((n, p) => n + (p.doubles[EVENT_DOUBLES.indexOf("weight")] ?? 0), 0);

describe("the analytics sink", () => {
  it("writes a point per event", () => {
    const { points, dataset } = recorder();
    makeAnalyticsSink(dataset, "p", pointAllowance()).writeEvents([
      productEvent({ name: "a" }),
      productEvent({ name: "b" }),
    ]);
    expect(points.map((p) => p.indexes[0])).toEqual(["p/a", "p/b"]);
  });

  it("never exceeds an invocation's points, and still counts every event while there is room", () => {
    const { points, dataset } = recorder();
    const sink = makeAnalyticsSink(dataset, "p", pointAllowance());
    const events = Array.from({ length: 700 }, (_, i) =>
      productEvent({ id: `${i}`, name: `n${i % 5}`, path: "é".repeat(9_000) }),
    );
    sink.writeEvents(events);
    expect([points.length, weight(points)]).toEqual([POINT_LIMITS.eventPoints, 700]);
    sink.writeEvents(events);
    expect([points.length, weight(points)]).toEqual([250, 1_400]);
    sink.writeEvents(events);
    sink.writeRollupPoints([{ metric: "up", labels: "", value: 1 }]);
    expect(points).toHaveLength(250);
  });

  it("writes roll-up points", () => {
    const { points, dataset } = recorder();
    makeAnalyticsSink(dataset, "p", pointAllowance()).writeRollupPoints([
      { metric: "up", labels: '{job="a"}', value: 0.5 },
    ]);
    expect(points).toEqual([
      { indexes: ["p/up"], blobs: ["series", "p", "up", '{job="a"}'], doubles: [0.5] },
    ]);
  });

  it("does nothing without the binding", () => {
    const sink = makeAnalyticsSink(undefined, "p", pointAllowance());
    sink.writeEvents([productEvent()]);
    sink.writeRollupPoints([{ metric: "up", labels: "", value: 1 }]);
  });
});

describe("a request's points", () => {
  // The bindings of wrangler.toml, which Env names, with the recording one instead of the local no-op.
  const send = async (bindings: Partial<Env>, body: unknown): Promise<number> => {
    const works: Promise<unknown>[] = [];
    const request = new Request("http://vedette.test/api/v1/ingest/events", {
      method: "POST",
      headers: { authorization: "Bearer vdt_ingest_local", "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const r = await makeApp().fetch(
      request,
      compose({ ...(env as unknown as Env), ...bindings }, (w) => works.push(w)),
    );
    await Promise.all(works);
    return r.status;
  };

  it("are written once, weighted beyond 200 events", async () => {
    const { points, dataset } = recorder();
    const events = Array.from({ length: 450 }, (_, i) => ({
      event: i % 10 === 0 ? "bought" : "page_view",
      id: `ae${i}`,
      properties: { value: 2 },
    }));
    expect(await send({ ANALYTICS: dataset }, { events })).toBe(200);
    expect([points.length, weight(points)]).toEqual([200, 450]);
    const named = (name: string): Written[] =>
      points.filter((p) => p.blobs[EVENT_BLOBS.indexOf("event")] === name);
    expect(weight(named("bought"))).toBe(45);
    expect(
      named("bought").reduce((n, p) => n + (p.doubles[EVENT_DOUBLES.indexOf("value")] ?? 0), 0),
    ).toBe(90);
    // The same again is stored, counted and written no second time.
    expect(await send({ ANALYTICS: dataset }, { events })).toBe(200);
    expect(points).toHaveLength(200);
  });

  it("are missing without the binding, and nothing else is", async () => {
    const { ANALYTICS: _, ...without } = env as unknown as Env;
    const works: Promise<unknown>[] = [];
    const request = new Request("http://vedette.test/api/v1/ingest/events?token=vdt_ingest_local", {
      method: "POST",
      body: '{"event":"no_binding"}',
    });
    const r = await makeApp().fetch(
      request,
      compose(without, (w) => works.push(w)),
    );
    await Promise.all(works);
    expect([r.status, await r.json()]).toEqual([200, { accepted: 1, duplicates: 0, rejected: [] }]);
  });
});

it("a minute's roll-up writes the chosen series within the budget and counts the rest", async () => {
  const { points, dataset } = recorder();
  const works: Promise<unknown>[] = [];
  const deps = compose({ ...(env as unknown as Env), ANALYTICS: dataset }, (w) => works.push(w));
  const now = Date.now();
  const samples = Array.from(
    { length: 6 },
    (_, i) => `rollup_depth{queue="q${i}"} ${i} ${now - 1000}`,
  );
  const r = await makeApp().fetch(
    new Request("http://vedette.test/api/v1/import/prometheus", {
      method: "POST",
      headers: { authorization: "Bearer vdt_ingest_local" },
      body: [...samples, `rollup_old 1 ${now - 400_000}`, ""].join("\n"),
    }),
    deps,
  );
  expect(r.status).toBeLessThan(300);
  const named = (value: string) => [{ type: "=", name: "__name__", value }] as const;
  const selectors = [
    named("rollup_depth"),
    named("rollup_old"),
    [{ type: "=", name: "queue", value: "q1" }] as const,
  ];
  expect(await writeRollupPoints(deps, "default", selectors, now, 4)).toEqual({
    written: 4,
    overflow: 2,
  });
  await writeRollupPoints(deps, "default", selectors, now, 4);
  expect(points.slice(0, 4).map((p) => [p.indexes[0], p.blobs[3], p.doubles[0]])).toEqual(
    [0, 1, 2, 3].map((i) => ["default/rollup_depth", `{queue="q${i}"}`, i]),
  );
  expect((await values("vedette_analytics_rollup_overflow_total")).at(-1)).toBe(
    "vedette_analytics_rollup_overflow_total 2",
  );
  await Promise.all(works);
});
