// Bundles the beacon into src/http/events/beacon-script.ts, which the Worker serves as /b.js. The
// result is kept in the repository, so that wrangler, vitest and esbuild all find it without a step before them.
// `node sdk/beacon/build.mjs` after a change; test/events/beacon-script.test.ts tells when it was forgotten.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const target = join(here, "..", "..", "src", "http", "events", "beacon-script.ts");

export async function bundleBeacon() {
  const { outputFiles } = await build({
    entryPoints: [join(here, "beacon.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    write: false,
  });
  return outputFiles[0].text.trim();
}

export function beaconModule(script) {
  const double = JSON.stringify(script);
  // As the formatter would have it: the quotes that need fewer backslashes.
  const single = `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  const literal = single.length < double.length ? single : double;
  return `// Made by sdk/beacon/build.mjs. Do not edit.\nexport const BEACON_SCRIPT: string =\n  ${literal};\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  writeFileSync(target, beaconModule(await bundleBeacon()));
