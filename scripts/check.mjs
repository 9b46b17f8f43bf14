// `npm run check`: format, lint, types, file sizes; seconds.
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { ensureInstalled, root, runScript } from "./install.mjs";

const HARD_LIMIT = 700;

ensureInstalled(true);
const steps = [
  [
    "format",
    () =>
      runScript("node_modules/oxfmt/bin/oxfmt", [
        "--check",
        "src",
        "durable-objects",
        "sdk",
        "scripts",
        "test",
        "dashboards/app",
      ]).status,
  ],
  [
    "lint",
    () =>
      runScript("node_modules/oxlint/bin/oxlint", [
        "src",
        "durable-objects",
        "sdk",
        "scripts",
        "test",
        "dashboards/app",
      ]).status,
  ],
  ["types", () => runScript("node_modules/typescript/bin/tsc", ["-p", "."]).status],
  [
    "types of the web app",
    () => runScript("node_modules/typescript/bin/tsc", ["-p", "dashboards/app"]).status,
  ],
  [
    "types of the beacon",
    () => runScript("node_modules/typescript/bin/tsc", ["-p", "sdk/beacon"]).status,
  ],
  ["file sizes", checkSizes],
];
const failed = steps.filter(([, run]) => run() !== 0).map(([name]) => name);
console.log(failed.length === 0 ? "check: all is well" : `check: ${failed.join(", ")} failed`);
process.exit(failed.length === 0 ? 0 : 1);

function checkSizes() {
  const files = spawnSync("git", ["ls-files", "src", "durable-objects", "sdk", "dashboards/app"], {
    cwd: root,
    encoding: "utf8",
  }).stdout.split("\n");
  const long = files
    .filter((f) => /\.tsx?$/.test(f))
    .filter((f) => readFileSync(`${root}/${f}`, "utf8").split("\n").length > HARD_LIMIT);
  for (const f of long)
    console.error(`${f} has more than ${HARD_LIMIT} lines: split it by responsibility`);
  return long.length === 0 ? 0 : 1;
}
