// `npm run bench`: Vedette beside Debian's Prometheus on the same data in one run, as ratios (machines are noisy).
// SERIES, POINTS and RUNS change its size.
import { ensureInstalled, runScript } from "./install.mjs";

ensureInstalled(true);
const built = runScript("scripts/build.mjs", []);
if (built.status !== 0) process.exit(1);
process.exit(runScript("scripts/bench/beside-prometheus.mjs", process.argv.slice(2)).status ?? 1);
