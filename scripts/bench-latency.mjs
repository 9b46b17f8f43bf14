// `npm run bench:latency`: from a sample's arrival to the webhook's, for: 0 and group_wait: 0s.
import { ensureInstalled, runScript } from "./install.mjs";

ensureInstalled(true);
const built = runScript("scripts/build.mjs", []);
if (built.status !== 0) process.exit(1);
process.exit(runScript("scripts/bench/sample-to-webhook.mjs", process.argv.slice(2)).status ?? 1);
