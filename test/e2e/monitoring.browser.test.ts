import { rm } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STEADY, steadyTraffic } from "../live/traffic";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "./chromium";
import { type Vedette, eventually, startVedette } from "./vedette";

if (chromiumPath === undefined)
  console.warn(`test/e2e/monitoring.browser.test.ts is skipped: ${NO_CHROMIUM}`);

const JSON_TYPE = { "content-type": "application/json" };
const TEXT = { "content-type": "text/plain" };

describe.skipIf(chromiumPath === undefined)("the live page in a browser", () => {
  let vedette: Vedette;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    vedette = await startVedette();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.on("pageerror", (e) => complaints.push(`page error: ${e.message}`));
    page.on("console", (m) => {
      if (/Content.Security.Policy/i.test(m.text())) complaints.push(m.text());
    });
  });

  afterAll(async () => {
    await browser?.close();
    await vedette?.stop();
    // A Vedette that was given its state leaves it.
    await rm(vedette.stateDir, { recursive: true, force: true });
  });

  async function send(
    path: string,
    body: string,
    headers: Readonly<Record<string, string>> = JSON_TYPE,
  ): Promise<void> {
    const response = await vedette.fetch(path, {
      method: "POST",
      token: "vdt_admin_local",
      headers,
      body,
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  async function figure(name: string): Promise<number> {
    return Number(await page.getByTestId(`figure-${name}`).getAttribute("data-value"));
  }

  const connection = (): Promise<string | null> =>
    page.getByTestId("connection").getAttribute("data-status");

  it("logs in by the link and keeps no token in the address", async () => {
    await page.goto(`${vedette.url}/monitoring#token=vdt_admin_local`);
    await eventually("the page is live", async () => (await connection()) === "live");
    expect(page.url()).toBe(`${vedette.url}/monitoring`);
    expect(await page.title()).toBe("Monitoring · Vedette");
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  it("is not empty before anything was sent: Vedette's own requests are there", async () => {
    await eventually("own requests", async () => (await figure("requestRate")) > 0, 15_000);
  });

  it("shows exactly what was sent", async () => {
    await send("/api/v1/import/prometheus", steadyTraffic(Date.now()), {
      "content-type": "text/plain",
    });
    await eventually(
      "the request rate",
      async () => Math.abs((await figure("requestRate")) - STEADY.requestRate) < 1e-9,
    );
    expect(await figure("errorRate")).toBeCloseTo(STEADY.errorRate, 9);
    expect(await figure("p95Seconds")).toBeCloseTo(STEADY.p95Seconds, 9);
    expect(await page.getByTestId("figure-requestRate").textContent()).toContain("10 /s");
    expect(await page.getByTestId("figure-errorRate").textContent()).toContain("5 %");
    expect(await page.getByTestId("figure-errorRate").getAttribute("data-level")).toBe("amber");
    expect(await page.getByTestId("figure-p95Seconds").textContent()).toContain("375 ms");
  });

  it("counts events and visitors, and shows each event", async () => {
    const events = Array.from({ length: 7 }, (_, i) => ({
      event: "signup",
      user_id: `u${i % 3}`,
      properties: { step: i },
    }));
    await send("/api/v1/ingest/events", JSON.stringify(events));
    await eventually("the events", async () => (await figure("eventsPerMinute")) === 7);
    expect(await figure("activeUsers")).toBe(3);
    await eventually("the feed", async () => (await page.getByTestId("activity").count()) === 7);
  });

  it("tails the log as text, filtered and paused", async () => {
    const evil = '<img src=x onerror="document.title=1"> & <b>bold</b>';
    await send(
      "/api/v1/ingest/logs",
      JSON.stringify([
        { level: "info", service: "shop", message: evil },
        { level: "error", service: "pay", message: "card declined" },
      ]),
    );
    const lines = page.getByTestId("log-line");
    await eventually("both lines", async () => (await lines.count()) === 2);
    expect(await lines.first().textContent()).toContain(evil);
    expect(await page.title()).toBe("Monitoring · Vedette");
    await page.getByRole("textbox", { name: "Filter lines by text" }).fill("declined");
    await eventually("one line", async () => (await lines.count()) === 1);
    await page.getByRole("textbox", { name: "Filter lines by text" }).fill("");
    await page.getByRole("button", { name: "Pause the log" }).click();
    await send(
      "/api/v1/ingest/logs",
      JSON.stringify({ level: "info", service: "shop", message: "while paused" }),
    );
    await eventually("that there is more", async () => page.getByText("paused, 1 new").isVisible());
    expect(await lines.count()).toBe(2);
    await page.getByRole("button", { name: "Go on with the log" }).click();
    await eventually("the third line", async () => (await lines.count()) === 3);
  });

  it("shows an alert as it fires, lets it be acknowledged, and shows where it went", async () => {
    await send("/api/v1/import/prometheus", "demo_queue_depth 42\n", TEXT);
    await send(
      "/config/v1/rules/demo",
      "{name: queue, interval: 1s, rules: [{alert: QueueDeep, expr: demo_queue_depth > 10, labels: {severity: critical}, annotations: {summary: 'Depth <b>{{ $value }}</b>'}}]}",
      { "content-type": "application/yaml" },
    );
    const row = page.getByTestId("alert-row");
    await eventually("the alert", async () => (await row.count()) === 1);
    expect(await row.textContent()).toContain("Depth <b>42</b>");
    await row.getByRole("button", { name: "Acknowledge" }).click();
    await eventually("who took it", async () =>
      (await row.textContent())?.includes("✓ local admin"),
    );

    await page.getByRole("link", { name: "Receiver inbox" }).click();
    await eventually(
      "the message",
      async () => (await page.getByTestId("inbox-message").count()) === 1,
    );
    expect(await page.getByTestId("inbox-message").textContent()).toContain("Depth <b>42</b>");

    await page.getByRole("link", { name: "Incidents" }).click();
    const incident = page.getByTestId("incident-row");
    await eventually("the incident", async () => (await incident.count()) === 1);
    await incident.getByRole("link").click();
    await page.getByRole("textbox", { name: "Note" }).fill("looking <i>into</i> it");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.getByText("looking <i>into</i> it").waitFor();

    await page.getByRole("link", { name: "Alerts" }).click();
    await eventually("the log", async () =>
      page
        .getByTestId("notification")
        .filter({ hasText: "first_notification" })
        .first()
        .isVisible(),
    );
    await send("/api/v1/import/prometheus", "demo_queue_depth 1\n", TEXT);
    await eventually("that it is over", async () =>
      page.getByText("Nothing is firing").isVisible(),
    );
  });

  it("draws a query", async () => {
    await page.goto(
      `${vedette.url}/explore?q=${encodeURIComponent("sum(rate(http_requests_total[1m]))")}`,
    );
    await eventually(
      "the last value",
      async () => (await page.getByTestId("series-last").first().textContent()) === "10",
    );
  });

  it("comes back by itself when the server was killed", async () => {
    await page.goto(`${vedette.url}/monitoring`);
    await eventually("the page is live", async () => (await connection()) === "live");
    const { port, stateDir } = vedette;
    await vedette.kill();
    await eventually("it notices", async () => (await connection()) !== "live");
    vedette = await startVedette({ port, stateDir });
    await eventually("it is live again", async () => (await connection()) === "live", 30_000);
    await eventually(
      "the figure",
      async () => Math.abs((await figure("requestRate")) - STEADY.requestRate) < 1e-9,
    );
    expect(await page.getByTestId("activity").count()).toBe(7);
  });

  it("asks for a token where there is no session, and says when it is wrong", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(`${vedette.url}/explore`);
    await stranger.waitForURL(/\/login/);
    await stranger.getByRole("textbox", { name: "Token" }).fill("vdt_wrong");
    await stranger.getByRole("button", { name: "Log in" }).click();
    await stranger.getByText("the token is not one of this deployment").waitFor();
    await stranger.getByRole("textbox", { name: "Token" }).fill("vdt_read_local");
    await stranger.getByRole("button", { name: "Log in" }).click();
    await stranger.waitForURL(`${vedette.url}/explore`);
    await stranger.close();
  });

  it("breaks no rule of its own security policy", () => {
    expect(complaints).toEqual([]);
  });
});
