import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "./chromium";
import { type Vedette, startVedette } from "./vedette";

if (chromiumPath === undefined)
  console.warn(`test/e2e/metrics-pages.browser.test.ts is skipped: ${NO_CHROMIUM}`);

const HOSTILE = '<img src=x onerror="document.title=1">';

describe.skipIf(chromiumPath === undefined)("the pages of the metrics engine", () => {
  let vedette: Vedette;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    vedette = await startVedette();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const now = Date.now();
    const nanos = (ms: number): string => String(BigInt(ms) * 1_000_000n);
    const sent = await vedette.fetch("/v1/metrics", {
      method: "POST",
      token: "vdt_ingest_local",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        resourceMetrics: [
          {
            resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
            scopeMetrics: [
              {
                metrics: [
                  {
                    name: "checkout.duration",
                    unit: "s",
                    exponentialHistogram: {
                      aggregationTemporality: 2,
                      dataPoints: [
                        {
                          startTimeUnixNano: nanos(now - 60_000),
                          timeUnixNano: nanos(now - 1_000),
                          attributes: [{ key: "page", value: { stringValue: HOSTILE } }],
                          count: "7",
                          sum: 14,
                          scale: 0,
                          zeroCount: "0",
                          positive: { offset: 0, bucketCounts: ["4", "2", "1"] },
                        },
                      ],
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
    });
    expect(sent.status, await sent.text()).toBe(200);
    await page.goto(`${vedette.url}/monitoring#token=vdt_admin_local`);
    await page.getByText("Request rate").first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await vedette?.stop();
  });

  it(
    "draw a native histogram's buckets, and show labels as text",
    { timeout: 60_000 },
    async () => {
      await page.goto(`${vedette.url}/explore?q=checkout_duration_seconds&range=5m`);
      const bars = page.getByRole("img", { name: /Buckets of checkout_duration_seconds/ });
      await bars.waitFor();
      expect(await bars.locator("div").evaluateAll((all) => all.map((b) => b.title))).toEqual([
        "1 to 2: 4",
        "2 to 4: 2",
        "4 to 8: 1",
      ]);
      const text = await page.locator("body").innerText();
      expect(text).toContain("7 observations, mean 2");
      expect(text).toContain("<img src=x");
      expect(await page.locator('img[src="x"]').count()).toBe(0);
    },
  );

  it("say what fills the index", { timeout: 60_000 }, async () => {
    await page.goto(`${vedette.url}/cardinality`);
    const series = page.getByRole("region", { name: "Series by metric" });
    await series.getByRole("link", { name: "checkout_duration_seconds" }).waitFor();
    expect(await page.locator("body").innerText()).toMatch(/\d+ active series of 150K/);
    await series.getByRole("link", { name: "checkout_duration_seconds" }).click();
    await page.getByText("7 observations").waitFor();
  });
});
