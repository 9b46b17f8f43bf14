import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ofType, ORIGIN, watch } from "./socket";
import { STEADY, steadyTraffic } from "../../live/traffic";

const admin = { authorization: "Bearer vdt_admin_local" };

it("shows exactly what was sent, over the socket and by the dashboard route", async () => {
  const pushed = await exports.default.fetch(`${ORIGIN}/api/v1/import/prometheus`, {
    method: "POST",
    headers: admin,
    body: steadyTraffic(Date.now()),
  });
  expect(pushed.status).toBeLessThan(300);

  const w = await watch();
  for (const m of [await w.next(ofType("snapshot")), await w.next(ofType("figures"))]) {
    expect(m.problem).toBeUndefined();
    expect(m.figures.requestRate).toBeCloseTo(STEADY.requestRate, 9);
    expect(m.figures.errorRate).toBeCloseTo(STEADY.errorRate, 9);
    expect(m.figures.p95Seconds).toBeCloseTo(STEADY.p95Seconds, 9);
  }
  w.socket.close();

  const response = await exports.default.fetch(`${ORIGIN}/api/v1/monitoring/dashboard`, {
    headers: admin,
  });
  expect(await response.json()).toMatchObject({
    system_health: { status: "healthy", redis_memory_usage_mb: null },
    performance_metrics: {
      requests_per_minute: 600,
      error_rate_percent: 5,
      p95_response_time_ms: 375,
    },
    figures: {
      errorRate: { level: "amber", threshold: { amber: 0.01, red: 0.05 } },
      p95Seconds: { level: "fine" },
    },
  });
});
