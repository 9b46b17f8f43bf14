import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firingSet, nextStates } from "../../src/anomalies/alerts";
import { parseAnomalies } from "../../src/anomalies/config";
import { isAnomaly, judge } from "../../src/anomalies/detector";

describe("the judgement", () => {
  it("needs three earlier days", () => {
    expect(judge(100, [1, 1])).toEqual({ reason: "not_enough_history", days: 2 });
    expect(judge(100, [1, 1, Number.NaN])).toEqual({ reason: "not_enough_history", days: 2 });
  });

  it("finds what lies more than 3 sigma off, above and below", () => {
    const history = [90, 100, 110, 100];
    expect(judge(125, history)).toMatchObject({ reason: "three_sigma", mean: 100 });
    expect(judge(75, history)).toMatchObject({ reason: "three_sigma" });
    expect(judge(115, history)).toMatchObject({ reason: "within_band" });
  });

  it("finds twice the mean even where days vary widely", () => {
    expect(judge(25, [1, 20, 2, 21, 3])).toEqual({
      reason: "twice_mean",
      mean: 9.4,
      ratio: 25 / 9.4,
    });
  });

  it("does not take days that were alike for a rule without tolerance", () => {
    expect(judge(101, [100, 100, 100]).reason).toBe("within_band");
    expect(judge(0, [0, 0, 0]).reason).toBe("within_band");
  });

  it("never calls the mean itself an anomaly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 3, maxLength: 14 }),
        (history) => {
          const mean = history.reduce((a, b) => a + b, 0) / history.length;
          expect(isAnomaly(judge(mean, history))).toBe(false);
        },
      ),
    );
  });
});

describe("the alert of an anomaly", () => {
  const watched = { name: "requests", expr: "sum(x)", severity: "high", labels: { team: "web" } };
  const off = {
    key: "k",
    labels: { service: "api" },
    value: 300,
    verdict: judge(300, [100, 100, 100]),
  };
  const fine = { ...off, value: 100, verdict: judge(100, [100, 100, 100]) };
  const T = 1_800_000_000_000;

  it("keeps its begin while it lasts, resolves when it is over, and is repeated for 15 min", () => {
    const a = nextStates([], watched, [off], T);
    const b = nextStates(a, watched, [off], T + 300_000);
    expect(b[0]?.sinceMs).toBe(T);
    const c = nextStates(b, watched, [fine], T + 600_000);
    expect(c[0]).toMatchObject({ sinceMs: T, endedMs: T + 600_000 });
    expect(nextStates(c, watched, [], T + 600_000 + 900_001)).toEqual([]);
    const again = nextStates(c, watched, [off], T + 900_000);
    expect(again[0]).toMatchObject({ sinceMs: T + 900_000 });
    expect(again[0]?.endedMs).toBeUndefined();
  });

  it("is handed over as a level, labels and reason with it", () => {
    const set = firingSet(watched, nextStates([], watched, [off], T), T, 900_000, "http://v");
    expect(set).toMatchObject({
      source: "anomaly/requests",
      alerts: [
        {
          status: "firing",
          labels: {
            alertname: "Anomaly",
            anomaly: "requests",
            service: "api",
            team: "web",
            severity: "high",
          },
          endsAtMs: T + 900_000,
          annotations: { reason: "three_sigma" },
        },
      ],
    });
  });
});

it.each([
  [{}, "/series"],
  [{ series: [{ name: "a b", expr: "x" }] }, "/series/0/name"],
  [{ series: [{ name: "a", expr: "x", more: 1 }] }, "/series/0"],
  [
    {
      series: [
        { name: "a", expr: "x" },
        { name: "a", expr: "y" },
      ],
    },
    "/series/1/name",
  ],
])("a configuration is refused where it is wrong: %j", (value, where) => {
  expect(parseAnomalies(value)).toMatchObject({ ok: false, error: { where } });
});
