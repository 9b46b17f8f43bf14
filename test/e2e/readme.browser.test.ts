import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "./chromium";
import { type Vedette, eventually, startVedette } from "./vedette";

const run = promisify(execFile);

/** From the sample's line to the notification on the screen. */
const PASTE_TO_SEEN_MS = 10_000;

if (chromiumPath === undefined)
  console.warn(`test/e2e/readme.browser.test.ts is skipped: ${NO_CHROMIUM}`);

/** The README's lines as they stand, moved to this test's port. */
async function readmeLines(port: number): Promise<{ sample: string; rule: string; link: string }> {
  const text = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
  const lines = text.replaceAll("127.0.0.1:8787", `127.0.0.1:${port}`).split("\n");
  const find = (what: RegExp): string => {
    const line = lines.find((l) => what.test(l));
    if (line === undefined) throw new Error(`the README has no line like ${what}`);
    return line;
  };
  return {
    sample: find(/^curl .*\/api\/v1\/import\/prometheus/),
    rule: find(/^curl .*\/config\/v1\/rules\/demo/),
    link: find(/^http:\/\/\S+\/monitoring#token=/),
  };
}

describe.skipIf(chromiumPath === undefined)("the README's three lines", () => {
  let vedette: Vedette;
  let browser: Browser;

  beforeAll(async () => {
    vedette = await startVedette();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await vedette?.stop();
  });

  it(
    "pasted into a shell make an alert that is seen within 10 s",
    { timeout: 60_000 },
    async () => {
      const { sample, rule, link } = await readmeLines(vedette.port);
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      await page.goto(link);
      await page.getByText("Request rate").first().waitFor();
      const inbox = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      await inbox.goto(link.replace("/monitoring", "/receiver"));

      const pasted = performance.now();
      await run("sh", ["-c", sample]);
      const { stdout } = await run("sh", ["-c", rule]);
      expect(stdout).toContain("success");
      await eventually(
        "the alert on the live page",
        async () => (await page.locator("body").innerText()).includes("QueueDeep"),
        PASTE_TO_SEEN_MS,
      );
      await eventually(
        "the notification in the receiver",
        async () => (await inbox.locator("body").innerText()).includes("Queue depth is 42"),
        PASTE_TO_SEEN_MS,
      );
      const seconds = (performance.now() - pasted) / 1000;
      console.log(`from paste to notification on the screen: ${seconds.toFixed(1)} s`);
      expect(seconds * 1000).toBeLessThan(PASTE_TO_SEEN_MS);
    },
  );

  it("are the ones that npm start prints", async () => {
    const { pasteLines } = await import("../../scripts/local/paste-lines.mjs");
    const printed = pasteLines(vedette.url, 1, "/state");
    const { sample, rule, link } = await readmeLines(vedette.port);
    for (const line of [sample, rule, link]) expect(printed).toContain(line);
  });
});
