import { describe, expect, it } from "vitest";
import { measureRouter } from "./scale";

describe("a router with 10,000 active alerts", () => {
  const { times, steadyRows, alerts, groups } = measureRouter(10_000);

  it("does none of its passes by comparing all with all", () => {
    expect(alerts).toBe(10_000);
    expect(groups).toBeGreaterThan(100);
    console.log(times.map((t) => `${t.name} ${t.ms.toFixed(0)} ms`).join(", "));
    // Ten times the target that `npm run bench -- router` holds: a busy machine does not reach it, a quadratic pass does.
    for (const t of times) expect(t.ms, t.name).toBeLessThan(2_000);
  });

  it("writes no row for a steady evaluation", () => {
    expect(steadyRows).toBe(0);
  });
});
