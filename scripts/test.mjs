// `npm test`: installs what is missing and runs everything. Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ensureInstalled, runScript } from "./install.mjs";

ensureInstalled(true);
ensureChromium();
const built = runScript("scripts/build.mjs", []);
if (built.status !== 0) process.exit(built.status ?? 1);
const asked = process.argv.slice(2);
// Whole processes come last, and alone those that watch the clock.
const runs =
  asked.length > 0
    ? [asked]
    : [
        ["--project", "core", "--project", "worker"],
        ["--project", "e2e"],
        ["--project", "alone"],
      ];
const failed = runs.filter(
  (args) => runScript("node_modules/vitest/vitest.mjs", ["run", ...args]).status !== 0,
);
if (!existsSync("/usr/bin/chromium"))
  console.log(
    "SKIPPED: the browser tests; there is no /usr/bin/chromium (Debian: apt-get install chromium)",
  );
if (!existsSync("/usr/bin/prometheus"))
  console.log(
    "SKIPPED: the tests beside a real Prometheus; there is no /usr/bin/prometheus (Debian: apt-get install prometheus)",
  );
if (!existsSync("/usr/bin/prometheus-alertmanager"))
  console.log(
    "SKIPPED: the tests beside a real Alertmanager; there is no /usr/bin/prometheus-alertmanager (Debian: apt-get install prometheus-alertmanager)",
  );
process.exit(failed.length === 0 ? 0 : 1);

/** Debian's browser and Prometheus where root may install them; the tests say so where they are missing. */
function ensureChromium() {
  const wanted = ["chromium", "prometheus", "prometheus-alertmanager"].filter(
    (p) => !existsSync(`/usr/bin/${p}`),
  );
  if (wanted.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.log(`Installing ${wanted.join(" and ")} …`);
  const apt = (...args) =>
    spawnSync("apt-get", ["-qq", ...args], {
      stdio: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...wanted);
}
