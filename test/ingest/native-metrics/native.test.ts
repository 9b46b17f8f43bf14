import { describe, expect, it } from "vitest";
import { readBatch } from "../../../src/core/batch";
import { batchMetrics } from "../../../src/ingest/native-metrics/batch";
import { METRICS_LIMIT, parseMetrics } from "../../../src/ingest/native-metrics/parse";
import { batchRows } from "../batch-rows";

const T = 1_700_000_000_000;
const NOW = T + 60_000;

function rows(json: unknown): string[] {
  const parsed = parseMetrics(json);
  if (!parsed.ok) throw new Error(`${parsed.error.where}: ${parsed.error.message}`);
  return batchRows(batchMetrics(parsed.value, "", NOW));
}

describe("native metrics", () => {
  it.each([
    [
      "a running total",
      {
        name: "api.requests",
        value: 41,
        timestamp: T,
        tags: { endpoint: "/api/dashboard", method: "GET" },
        type: "counter",
      },
      [`api_requests_total{endpoint="/api/dashboard", method="GET"} ${T} 41`],
    ],
    [
      "an increment",
      { name: "api.requests", value: 2, timestamp: T, type: "counter", delta: true },
      [`api_requests_total ${T} +2`],
    ],
    [
      "a gauge",
      {
        name: "api.active-connections",
        value: 42,
        timestamp: "2023-11-14T22:13:20Z",
        tags: {},
        type: "gauge",
      },
      [`api_active_connections ${T} 42`],
    ],
    ["neither type nor time", { name: "x", value: -1.5 }, [`x ${NOW} -1.5`]],
    [
      "a name that ends in total",
      { name: "x_total", value: 1, type: "counter", timestamp: T },
      [`x_total ${T} 1`],
    ],
    [
      "an array",
      [
        { name: "a", value: 1, timestamp: T },
        { name: "b", value: 2, timestamp: T + 1 },
      ],
      [`a ${T} 1`, `b ${T + 1} 2`],
    ],
    ["a wrapped array", { metrics: [{ name: "a", value: 1, timestamp: T }] }, [`a ${T} 1`]],
    ["an empty array", [], []],
    [
      "tags that are no strings",
      { name: "a", value: 1, timestamp: T, tags: { n: 3, ok: true, none: null, "user.id": "u" } },
      [`a{n="3", ok="true", user_id="u"} ${T} 1`],
    ],
    ["a name with a leading digit", { name: "5xx", value: 1, timestamp: T }, [`_5xx ${T} 1`]],
  ])("%s", (_, json, want) => expect(rows(json)).toEqual(want));

  it("adds observations up, every bucket told", () => {
    const observe = (value: number, timestamp: number): unknown => ({
      name: "api.response_time_ms",
      value,
      timestamp,
      type: "histogram",
      tags: { route: "/" },
    });
    const got = rows([
      observe(0.5, T),
      observe(145, T + 10),
      observe(99_999, T + 20),
      observe(1, T + 1000),
    ]);
    const first = got.slice(0, 18);
    expect(first[0]).toBe(`api_response_time_ms_bucket{le="1", route="/"} ${T + 20} +1`);
    expect(first.find((r) => r.includes('le="100"'))).toMatch(/\+1$/);
    expect(first.find((r) => r.includes('le="250"'))).toMatch(/\+2$/);
    expect(first.find((r) => r.includes('le="60000"'))).toMatch(/\+2$/);
    expect(first.find((r) => r.includes('le="+Inf"'))).toMatch(/\+3$/);
    expect(first.slice(16)).toEqual([
      `api_response_time_ms_sum{route="/"} ${T + 20} +100144.5`,
      `api_response_time_ms_count{route="/"} ${T + 20} +3`,
    ]);
    // The next second is told apart.
    expect(got.at(-1)).toBe(`api_response_time_ms_count{route="/"} ${T + 1000} +1`);
    expect(got).toHaveLength(36);
  });

  it("tells what kind a metric is", () => {
    const parsed = parseMetrics([
      { name: "a", value: 1, type: "counter" },
      { name: "h.s", value: 1, type: "histogram" },
    ]);
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(
      readBatch(batchMetrics(parsed.value, "", NOW)).metadata.map((m) => [m.name, m.type]),
    ).toEqual([
      ["a_total", "counter"],
      ["h_s", "histogram"],
    ]);
  });

  it.each([
    ["text", ""],
    [null, ""],
    [[1], "/0"],
    [{ value: 1 }, "/name"],
    [{ name: "", value: 1 }, "/name"],
    [{ name: "...", value: 1 }, "/name"],
    [{ name: "x".repeat(201), value: 1 }, "/name"],
    [{ name: "a", value: "1" }, "/value"],
    [{ name: "a" }, "/value"],
    [{ name: "a", value: -1, type: "counter" }, "/value"],
    [{ name: "a", value: 1, type: "timer" }, "/type"],
    [{ name: "a", value: 1, delta: true }, "/delta"],
    [{ name: "a", value: 1, type: "counter", delta: "yes" }, "/delta"],
    [{ name: "a", value: 1, timestamp: "yesterday" }, "/timestamp"],
    [{ name: "a", value: 1, timestamp: 1e20 }, "/timestamp"],
    [{ name: "a", value: 1, tags: [] }, "/tags"],
    [{ name: "a", value: 1, tags: { __name__: "b" } }, "/tags/__name__"],
    [{ name: "a", value: 1, tags: { "a/b": {} } }, "/tags/a~1b"],
    [{ metrics: [{ name: "a", value: 1 }, { name: "b" }] }, "/metrics/1/value"],
  ])("refuses %j at %s", (json, where) => {
    expect(parseMetrics(json)).toMatchObject({
      ok: false,
      error: { code: "metric_malformed", where },
    });
  });

  it("bounds the metrics of a request", () => {
    const one = { name: "a", value: 1 };
    expect(parseMetrics(Array.from({ length: METRICS_LIMIT }, () => one)).ok).toBe(true);
    expect(parseMetrics(Array.from({ length: METRICS_LIMIT + 1 }, () => one))).toMatchObject({
      error: { code: "too_many_metrics" },
    });
  });
});
