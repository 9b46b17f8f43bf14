import { expect, it } from "vitest";
import { labelsOf } from "../../src/core/labels";
import { compileMatchers } from "../../src/core/matchers";
import { type Queryable, SampleBudgetError } from "../../src/core/metric-store";
import type { Series } from "../../src/core/series";
import { evaluateFigures } from "../../src/http/live/evaluate";
import { DEFAULT_FIGURES } from "../../src/live/figures";

const NOW = 1_700_000_000_000;
type Line = readonly [labels: Readonly<Record<string, string>>, perSecond: number, everyS?: number];

/** Counters that rise evenly from 10 min before NOW until 1 min after. */
function rising(lines: readonly Line[]): Queryable {
  const series = lines.map(([labels, perSecond, everyS = 5]): Series => {
    const times: number[] = [];
    for (let t = -600; t <= 60; t += everyS) times.push(t);
    return {
      labels: labelsOf(labels),
      timestamps: Float64Array.from(times, (t) => NOW + t * 1_000),
      values: Float64Array.from(times, (t) => 10_000 + t * perSecond),
    };
  });
  return {
    select: async (requests) =>
      requests.map(({ matchers, startMs, endMs }) => {
        const matches = compileMatchers(matchers);
        return series
          .filter((s) => matches(s.labels))
          .map((s) => {
            const from = s.timestamps.findIndex((t) => t > startMs);
            const to = s.timestamps.findLastIndex((t) => t <= endMs) + 1;
            return {
              labels: s.labels,
              timestamps: s.timestamps.slice(from, to),
              values: s.values.slice(from, to),
            };
          });
      }),
  };
}

const noEvents = async (): Promise<null> => null;
const tell = (lines: readonly Line[]) =>
  evaluateFigures(rising(lines), noEvents, DEFAULT_FIGURES, NOW);

const buckets = (name: string, bounds: Readonly<Record<string, number>>, everyS?: number): Line[] =>
  Object.entries(bounds).map(([le, rate]) => [{ __name__: name, le }, rate, everyS] as Line);

it.each([
  ["Prometheus clients", "http_requests_total", "code", "http_request_duration_seconds_bucket", 1],
  [
    "express and fastify exporters",
    "http_requests_total",
    "status_code",
    "http_request_duration_seconds_bucket",
    1,
  ],
  ["own counters", "api_requests_total", "status", "api_response_time_bucket", 1_000],
  [
    "OpenTelemetry",
    "http_server_request_duration_seconds_count",
    "http_response_status_code",
    "http_server_request_duration_seconds_bucket",
    1,
  ],
  [
    "older OpenTelemetry",
    "http_server_duration_milliseconds_count",
    "http_status_code",
    "http_server_duration_milliseconds_bucket",
    1_000,
  ],
  [
    "Vedette itself",
    "vedette_http_requests_total",
    "status",
    "vedette_http_request_duration_seconds_bucket",
    1,
  ],
] as const)("reads the requests of %s", async (_, requests, label, bucket, perSecond) => {
  const told = await tell([
    [{ __name__: requests, [label]: "200", route: "/" }, 15],
    [{ __name__: requests, [label]: "404", route: "/" }, 4],
    [{ __name__: requests, [label]: "503", route: "/" }, 1],
    ...buckets(bucket, {
      [String(0.1 * perSecond)]: 18,
      [String(0.3 * perSecond)]: 20,
      "+Inf": 20,
    }),
  ]);
  expect(told.problem).toBeUndefined();
  expect(told.figures.requestRate).toBeCloseTo(20, 9);
  expect(told.figures.errorRate).toBeCloseTo(0.05, 9);
  expect(told.figures.p95Seconds).toBeCloseTo(0.2, 9);
});

it("prefers the project's own requests to Vedette's", async () => {
  const told = await tell([
    [{ __name__: "vedette_http_requests_total", status: "200" }, 99],
    [{ __name__: "http_requests_total", code: "200" }, 7],
  ]);
  expect(told.figures.requestRate).toBeCloseTo(7, 9);
});

it("knows the difference between no failure and no request", async () => {
  expect(
    (await tell([[{ __name__: "http_requests_total", code: "200" }, 3]])).figures.errorRate,
  ).toBe(0);
  expect(
    (await tell([[{ __name__: "http_requests_total", code: "200" }, 0]])).figures.errorRate,
  ).toBeNull();
  expect((await tell([])).figures).toEqual({
    requestRate: null,
    errorRate: null,
    p95Seconds: null,
    activeUsers: null,
    eventsPerMinute: null,
  });
});

it("counts a failure once, though two labels say it", async () => {
  const told = await tell([
    [{ __name__: "http_requests_total", code: "200", status: "200" }, 9],
    [{ __name__: "http_requests_total", code: "500", status: "500" }, 1],
  ]);
  expect(told.figures.errorRate).toBeCloseTo(0.1, 9);
});

it("sees series that are sent once a minute beside those sent every 5 s", async () => {
  const told = await tell([
    [{ __name__: "http_requests_total", instance: "a" }, 2],
    [{ __name__: "http_requests_total", instance: "b" }, 3, 60],
  ]);
  expect(told.figures.requestRate).toBeCloseTo(5, 9);
});

it("names the figure that fails and tells the others", async () => {
  const told = await evaluateFigures(
    rising([[{ __name__: "http_requests_total" }, 2]]),
    async () => {
      throw new Error("the event store is away");
    },
    [...DEFAULT_FIGURES.filter((d) => d.key !== "p95Seconds"), { key: "p95Seconds", expr: "sum(" }],
    NOW,
  );
  expect(told.figures.requestRate).toBeCloseTo(2, 9);
  expect(told.problem).toMatch(
    /activeUsers: the event store is away; .*p95Seconds: 1:5: parse error/,
  );
});

it("asks the store once for all figures, and one by one where that is too much", async () => {
  const store = rising([[{ __name__: "http_requests_total", code: "200" }, 4]]);
  const asked: number[] = [];
  const counting: Queryable = {
    select: (requests, limits) => {
      asked.push(requests.length);
      return store.select(requests, limits);
    },
  };
  await evaluateFigures(counting, noEvents, DEFAULT_FIGURES, NOW);
  expect(asked.length).toBe(1);
  const most = asked[0] ?? 0;
  const small: Queryable = {
    select: async (requests) => {
      if (requests.length === most) throw new SampleBudgetError("too many samples");
      return store.select(requests);
    },
  };
  const told = await evaluateFigures(small, noEvents, DEFAULT_FIGURES, NOW);
  expect(told.problem).toBeUndefined();
  expect(told.figures.requestRate).toBeCloseTo(4, 9);
});
