// Visitors of a page that carries the beacon, in a real Chromium where there is one.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PAGES = ["/", "/products", "/products/7", "/cart", "/checkout"];

export async function startVisitors(base, key) {
  if (!existsSync(CHROMIUM)) {
    console.log(`no visitors: there is no ${CHROMIUM}`);
    return { stop: async () => undefined };
  }
  const shop = createServer((_, res) => {
    res.setHeader("content-type", "text/html; charset=utf-8");
    res.end(
      `<!doctype html><title>Shop</title><h1>Shop</h1><script defer src="${base}/b.js" data-key="${key}"></script>`,
    );
  });
  await new Promise((resolve) => shop.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${shop.address().port}`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  let going = true;
  const visiting = (async () => {
    for (let n = 0; going; n++) {
      // A user agent of its own makes a visitor of its own: the beacon keeps no cookie.
      const context = await browser.newContext({
        userAgent: `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.${n % 12} Safari/537.36`,
      });
      try {
        const page = await context.newPage();
        for (const path of PAGES.slice(0, 1 + Math.floor(Math.random() * PAGES.length))) {
          await page.goto(address + path);
          await page.waitForTimeout(300);
          await page.evaluate(
            (p) =>
              globalThis.vedette?.("event", p === "/checkout" ? "order_placed" : "product_viewed", {
                path: p,
              }),
            path,
          );
        }
      } catch {
        // the browser closes under a visit when the demo ends
      } finally {
        await context.close().catch(() => undefined);
      }
    }
  })();
  return {
    async stop() {
      going = false;
      await browser.close();
      await visiting.catch(() => undefined);
      shop.close();
    },
  };
}
