// `npm run bench`: Vedette on the built Worker, beside Debian's Prometheus on the same data in one run. Machines are
// noisy, so what is compared is asked in turn and told as ratios. `npm run bench -- queries wake` runs these parts alone.
import { ensureInstalled, runScript } from "./install.mjs";

ensureInstalled(true);
const built = runScript("scripts/build.mjs", []);
if (built.status !== 0) process.exit(1);
process.exit(runScript("scripts/bench/main.mjs", process.argv.slice(2)).status ?? 1);
