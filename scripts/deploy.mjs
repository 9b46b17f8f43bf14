// `npm run deploy`: builds the web app, migrates D1 and deploys with wrangler. A first deployment creates the database on the way.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, node, root, runScript } from "./install.mjs";

ensureInstalled(true);
run("build", () => runScript("scripts/build.mjs", []));
const dry = process.argv.includes("--dry-run");
if (dry) {
  run("dry run", () =>
    runScript("node_modules/wrangler/bin/wrangler.js", [
      "deploy",
      "--dry-run",
      "--outdir",
      "build/dry-run",
    ]),
  );
} else {
  // New code may need new tables, so they come first; only a first deployment has no database to migrate yet.
  const before = migrate();
  run("deploy", () => runScript("node_modules/wrangler/bin/wrangler.js", ["deploy"]));
  if (before !== 0) run("migrations", () => ({ status: migrate() }));
}

function migrate() {
  return (
    spawnSync(
      node,
      [
        join(root, "node_modules/wrangler/bin/wrangler.js"),
        "d1",
        "migrations",
        "apply",
        "DB",
        "--remote",
      ],
      { cwd: root, stdio: "inherit" },
    ).status ?? 1
  );
}

function run(what, step) {
  const { status } = step();
  if (status === 0) return;
  console.error(`${what} failed`);
  process.exit(status ?? 1);
}
