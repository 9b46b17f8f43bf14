import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { compose } from "../../src/compose";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import type { AlertRouterRpc } from "../../src/core/objects";
import { anomalyScan } from "../../src/jobs/anomaly-scan";
import { dailyReport } from "../../src/jobs/daily-report";
import type { DailyReport } from "../../src/reports/daily";

const DAY = 86_400_000;
const deps = compose(env, () => undefined);
const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  exports.default.fetch(`http://vedette.test${path}`, {
    ...init,
    headers: { authorization: "Bearer vdt_admin_local", "content-type": "application/json" },
  });

/** Today's day, UTC; tomorrow's report is about it. */
const today = new Date().toISOString().slice(0, 10);

describe("the daily report", () => {
  it("equals what was sent that day", async () => {
    const now = Date.now();
    const counter = new BatchBuilder("report-test");
    const add = (labels: Record<string, string>, amount: number): void =>
      counter.increment(counter.series(labelsOf(labels)), now, amount);
    add({ __name__: "http_requests_total", code: "200" }, 970);
    add({ __name__: "http_requests_total", code: "503" }, 30);
    // 900 within 0.1 s, all within 0.5 s: the 95th percentile lies halfway between.
    for (const [le, n] of [
      ["0.1", 900],
      ["0.5", 1000],
      ["+Inf", 1000],
    ] as const)
      add({ __name__: "http_request_duration_seconds_bucket", le }, n);
    await deps.metrics("default").append(counter.finish());
    const events = [
      ...Array.from({ length: 7 }, (_, i) => ({ event: "signup", user_id: `u${i}` })),
      { event: "purchase", user_id: "u1" },
    ];
    expect(
      (await ask("/api/v1/ingest/events", { method: "POST", body: JSON.stringify(events) })).ok,
    ).toBe(true);
    const logs = [
      { level: "error", service: "api", message: "a" },
      { level: "info", service: "api", message: "b" },
      { level: "info", service: "api", message: "c" },
    ];
    expect(
      (await ask("/api/v1/ingest/logs", { method: "POST", body: JSON.stringify(logs) })).ok,
    ).toBe(true);

    const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
    const alert = (name: string) => ({
      labels: { alertname: name, severity: "critical" },
      annotations: {},
      startsAtMs: now,
      endsAtMs: now + 600_000,
      status: "firing" as const,
      generatorUrl: "",
      value: 1,
    });
    await router.receive({
      source: "test/report",
      generation: now,
      evaluatedAtMs: now,
      alerts: [alert("Api"), alert("Db")],
    });
    await vi.waitFor(
      async () =>
        expect((await deps.alertHistory("default").totals(now - 1, now + 1)).fired).toBe(2),
      5_000,
    );
    await vi.waitFor(
      async () =>
        expect((await deps.incidents("default").totals(now - 60_000, now + 60_000)).opened).toBe(2),
      5_000,
    );

    const said = await dailyReport.run(deps, Date.parse(`${today}T00:05:00Z`) + DAY);
    expect(said).toContain("sent to inbox");
    const report = await (await ask(`/api/v1/reports/daily-${today}`)).json<DailyReport>();
    expect(report.summary).toMatchObject({
      requests: 1000,
      errors: 30,
      error_rate: 0.03,
      events: 8,
      visitors: 7,
      log_lines: 3,
      log_errors: 1,
      spans: 0,
      alerts_fired: 2,
      incidents_opened: 2,
    });
    expect(report.summary.p95_seconds).toBeCloseTo(0.3, 10);
    expect(report.previous.requests).toBe(0);
    expect(report.change_percent.requests).toBeNull();
    expect(report.top_events).toEqual([
      { event: "signup", count: 7, previous: 0 },
      { event: "purchase", count: 1, previous: 0 },
    ]);
  });

  it("is written again without being sent again", async () => {
    const again = await dailyReport.run(deps, Date.parse(`${today}T00:05:00Z`) + DAY);
    expect(again).toContain("sent before");
    const inbox = JSON.stringify(await (await ask("/api/v1/receiver/inbox")).json());
    expect(
      inbox.split(`Daily report for ${today}: 1000 requests, 3.00 % errors`).length - 1,
    ).toBeGreaterThan(0);
    const list = await (await ask("/api/v1/reports")).json<{ reports: { id: string }[] }>();
    expect(list.reports.map((r) => r.id)).toEqual([`daily-${today}`]);
  });

  it("goes to a receiver that exists, or is not put", async () => {
    const wrong = await ask("/config/v1/reports", {
      method: "PUT",
      body: JSON.stringify({ receiver: "nobody-here" }),
    });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ where: "/receiver" });
    expect(
      (
        await ask("/config/v1/reports", {
          method: "PUT",
          body: JSON.stringify({ receiver: "inbox" }),
        })
      ).status,
    ).toBe(200);
  });
});

describe("the anomaly scan", () => {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  // 100 a day at this hour, 400 in the last hour: a series made of the time alone needs no week of samples.
  const step = `vector(100) + 300 * (vector(time()) > bool ${(now - 3_600_000) / 1000}) * (vector(time()) <= bool ${now / 1000})`;
  const alerts = async (): Promise<
    { status: string; labels: Record<string, string>; annotations: Record<string, string> }[]
  > => {
    const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
    return JSON.parse(await router.alerts());
  };

  it("raises an alert that says why, and resolves it", async () => {
    const put = await ask("/config/v1/anomalies", {
      method: "PUT",
      body: JSON.stringify({ series: [{ name: "step", expr: step, severity: "high" }] }),
    });
    expect(put.status).toBe(200);
    expect(await anomalyScan.run(deps, now)).toBe("step: three_sigma");
    const raised = (await alerts()).find((a) => a.labels["anomaly"] === "step");
    expect(raised).toMatchObject({
      status: "firing",
      labels: { alertname: "Anomaly", severity: "high" },
      annotations: { reason: "three_sigma" },
    });
    expect(raised?.annotations["summary"]).toContain("above the mean 100");
    // A day later the same hour is back at 100, and yesterday's 400 widens the band.
    expect(await anomalyScan.run(deps, now + DAY)).toBe("step: within_band");
    const after = (await alerts()).find((a) => a.labels["anomaly"] === "step");
    expect(after?.status ?? "resolved").toBe("resolved");
  });

  it("refuses an expression that does not parse, with its place", async () => {
    const r = await ask("/config/v1/anomalies", {
      method: "PUT",
      body: JSON.stringify({ series: [{ name: "a", expr: "sum(" }] }),
    });
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({ code: "anomalies_invalid", where: "/series/0/expr" });
  });
});

it("retention runs over every store", async () => {
  const r = await ask("/api/v1/jobs/retention/run", { method: "POST" });
  expect(await r.json()).toMatchObject({ outcome: "ok", detail: "nothing is old enough" });
});

it.each([
  [{ selectors: ["rate(x[5m])"] }, "/selectors/0"],
  [{ selectors: ["up{"] }, "/selectors/0"],
  [{ selector: [] }, "/selectors"],
])("a rollup that is no plain selector is refused: %j", async (body, where) => {
  const r = await ask("/config/v1/analytics_rollup", { method: "PUT", body: JSON.stringify(body) });
  expect(r.status).toBe(400);
  expect(await r.json()).toMatchObject({ where });
});
