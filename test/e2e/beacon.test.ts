import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "./chromium";
import { type Vedette, eventually, startVedette } from "./vedette";

interface ReadEvent {
  readonly event: string;
  readonly path?: string;
  readonly browser?: string;
  readonly visitor_id?: string;
  readonly user_id?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Shifts twice after the load, shows its largest text late, answers clicks slowly, and lets Google's library measure all of it. */
const MEASURED_PAGE = `<!doctype html><title>Measured</title>
  <script src="/web-vitals.js"></script>
  <script>
    window.measured = {};
    for (const on of ["onLCP", "onCLS", "onINP", "onFCP", "onTTFB"])
      webVitals[on]((m) => { measured[m.name] = m.value; }, { reportAllChanges: true });
  </script>
  <script defer src="VEDETTE/b.js" data-key="vdt_beacon_local"></script>
  <p>Small</p><button>Buy</button>
  <script>
    for (const ms of [100, 300])
      setTimeout(() => {
        const box = document.createElement("h1");
        box.style.cssText = "height:" + ms + "px;font-size:" + ms / 3 + "px";
        box.textContent = "Large text";
        document.body.prepend(box);
      }, ms);
    document.querySelector("button").onclick = () => {
      for (const t = performance.now(); performance.now() - t < 120;);
    };
  </script>`;

if (chromiumPath === undefined) console.warn(`test/e2e/beacon.test.ts is skipped: ${NO_CHROMIUM}`);

describe.skipIf(chromiumPath === undefined)("the beacon in a page of another site", () => {
  let vedette: Vedette;
  let browser: Browser;
  let site: Server;
  let siteUrl: string;

  beforeAll(async () => {
    vedette = await startVedette();
    browser = await launchChromium();
    const library = await readFile(
      join(import.meta.dirname, "../../node_modules/web-vitals/dist/web-vitals.iife.js"),
    );
    site = createServer((req, res) => {
      if (req.url === "/web-vitals.js") {
        res.setHeader("content-type", "text/javascript");
        res.end(library);
        return;
      }
      res.setHeader("content-type", "text/html");
      if (req.url === "/measured") {
        res.end(MEASURED_PAGE.replace("VEDETTE", vedette.url));
        return;
      }
      res.end(`<!doctype html><title>Shop</title>
        <script>window.vedette = function () { (vedette.q = vedette.q || []).push(arguments) }; vedette("event", "early", { n: 1 });</script>
        <script defer src="${vedette.url}/b.js" data-key="vdt_beacon_local"></script>
        <h1>Shop</h1><button onclick="for (const t = performance.now(); performance.now() - t < 80;);">Buy</button>`);
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    siteUrl = `http://localhost:${(site.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
    await vedette?.stop();
  });

  async function events(): Promise<readonly ReadEvent[]> {
    const r = await vedette.fetch("/api/v1/events?limit=1000", { token: "vdt_read_local" });
    return ((await r.json()) as { events: ReadEvent[] }).events;
  }

  async function open(
    path: string,
    prepare: (page: Page) => Promise<void> = async () => {},
  ): Promise<Page> {
    const page = await browser.newPage();
    await prepare(page);
    await page.goto(siteUrl + path, { waitUntil: "load" });
    return page;
  }

  it("reports views, own events, vitals and errors, and keeps nothing in the browser", async () => {
    const page = await open("/products?token=secret");
    await page.evaluate(`{
      vedette("event", "added_to_cart", { sku: "A-1", value: 9.5 });
      vedette("user", "u-42");
      vedette("event", "checkout");
      history.pushState({}, "", "/products/1");
      history.replaceState({}, "", "/products/1?color=red");
      setTimeout(() => { throw new Error("cart exploded"); });
      void Promise.reject(new TypeError("no promise kept"));
    }`);
    await page.click("button");
    await page.waitForTimeout(300);
    expect(
      await page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]"),
    ).toEqual(["", 0, 0]);
    await page.goto("about:blank");

    const all = await eventually("the vitals that leaving the page sends", async () => {
      const list = await events();
      return list.some((e) => e.properties["name"] === "INP") && list;
    });
    const named = (name: string): readonly ReadEvent[] => all.filter((e) => e.event === name);
    expect(
      named("page_view")
        .map((e) => e.path)
        .toSorted(),
    ).toEqual(["/products", "/products/1"]);
    expect(named("early").map((e) => e.properties)).toEqual([{ n: 1 }]);
    expect(named("added_to_cart").map((e) => e.properties)).toEqual([{ sku: "A-1", value: 9.5 }]);
    expect(named("checkout").map((e) => e.user_id)).toEqual(["u-42"]);
    expect(
      named("browser_error")
        .map((e) => e.properties["message"])
        .toSorted(),
    ).toEqual(["Uncaught Error: cart exploded", "no promise kept"]);
    expect(
      named("browser_error").every((e) => String(e.properties["stack"]).includes("Error")),
    ).toBe(true);
    const vitals = new Map(named("web_vital").map((e) => [e.properties["name"], e]));
    expect([...vitals.keys()].toSorted()).toEqual(["CLS", "FCP", "INP", "LCP", "TTFB"]);
    expect([...vitals.values()].map((e) => e.path)).toEqual(Array(5).fill("/products"));
    expect(vitals.get("INP")?.properties["value"]).toBeGreaterThanOrEqual(80);
    expect(vitals.get("LCP")?.properties["value"]).toBeGreaterThan(0);
    // One visitor, and nothing of the address that could tell who it is.
    expect(new Set(named("page_view").map((e) => `${e.visitor_id} ${e.browser}`)).size).toBe(1);
    expect(JSON.stringify(all)).not.toContain("secret");
  });

  it("measures the vitals that Google's own library measures", async () => {
    const page = await open("/measured");
    await page.waitForTimeout(1_000);
    for (let i = 0; i < 3; i++) {
      await page.click("button");
      await page.waitForTimeout(300);
    }
    const measured = (await page.evaluate("measured")) as Readonly<Record<string, number>>;
    await page.goto("about:blank");
    const ours = await eventually("the vitals of the measured page", async () => {
      const vitals = (await events()).filter(
        (e) => e.event === "web_vital" && e.path === "/measured",
      );
      return (
        vitals.length === 5 &&
        new Map(vitals.map((e) => [e.properties["name"], Number(e.properties["value"])]))
      );
    });
    expect(Object.keys(measured).toSorted()).toEqual(["CLS", "FCP", "INP", "LCP", "TTFB"]);
    console.log("vitals, web-vitals and ours:", measured, Object.fromEntries(ours));
    for (const [name, value] of Object.entries(measured))
      expect([name, ours.get(name)]).toEqual([name, expect.closeTo(value, 3)]);
    expect(measured["CLS"]).toBeGreaterThan(0.01);
    expect(measured["INP"]).toBeGreaterThanOrEqual(120);
  });

  it("counts what it took in as series", async () => {
    const value = async (query: string): Promise<string | undefined> => {
      const r = await vedette.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`, {
        token: "vdt_read_local",
      });
      const { data } = (await r.json()) as { data: { result: { value: [number, string] }[] } };
      return data.result[0]?.value[1];
    };
    await eventually("the counters", async () => (await value("page_views_total")) === "3");
    expect(await value("browser_errors_total")).toBe("2");
    expect(await value('events_total{event="checkout"}')).toBe("1");
    expect(
      Number(await value("histogram_quantile(0.5, web_vitals_inp_seconds_bucket)")),
    ).toBeGreaterThan(0.05);
  });

  it.each([
    [
      "Do Not Track",
      () => Object.defineProperty(Navigator.prototype, "doNotTrack", { get: () => "1" }),
    ],
    [
      "Global Privacy Control",
      () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }),
    ],
  ])("sends nothing for a visitor with %s", async (_, ask) => {
    const before = (await events()).length;
    const sent: string[] = [];
    const page = await open("/private", async (p) => {
      await p.addInitScript(ask);
      p.on("request", (r) => sent.push(new URL(r.url()).pathname));
    });
    await page.evaluate(`vedette("event", "private")`);
    await page.goto("about:blank");
    await page.waitForTimeout(500);
    expect(sent).toContain("/b.js");
    expect(sent).not.toContain("/e");
    expect(await events()).toHaveLength(before);
  });
});
