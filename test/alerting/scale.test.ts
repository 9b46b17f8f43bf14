import { describe, expect, it } from "vitest";
import { measureRouter } from "./scale";

describe("a router with 10,000 active alerts", () => {
  const { times, steadyRows, alerts, groups } = measureRouter(10_000);

  it("does each of its passes in 200 ms", () => {
    expect(alerts).toBe(10_000);
    expect(groups).toBeGreaterThan(100);
    console.log(times.map((t) => `${t.name} ${t.ms.toFixed(0)} ms`).join(", "));
    for (const t of times) expect(t.ms, t.name).toBeLessThan(200);
  });

  it("writes no row for a steady evaluation", () => {
    expect(steadyRows).toBe(0);
  });
});
