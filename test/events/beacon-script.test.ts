import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
// @ts-expect-error a build script in plain JavaScript
import { bundleBeacon } from "../../sdk/beacon/build.mjs";
import { BEACON_SCRIPT } from "../../src/http/events/beacon-script";

it("is what sdk/beacon bundles to: run node sdk/beacon/build.mjs after a change", async () => {
  expect(BEACON_SCRIPT).toBe(await bundleBeacon());
});

it("is smaller than 2 KB compressed", () => {
  const bytes = gzipSync(BEACON_SCRIPT, { level: 9 }).length;
  console.info(`b.js: ${BEACON_SCRIPT.length} bytes, ${bytes} with gzip`);
  expect(bytes).toBeLessThan(2048);
});

it("keeps nothing in the browser and needs no eval", () => {
  expect(BEACON_SCRIPT).not.toMatch(
    /cookie|localStorage|sessionStorage|indexedDB|eval\(|Function\(/,
  );
});
