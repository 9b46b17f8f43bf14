// `npm run demo`: live traffic from real clients against a running Vedette (VEDETTE_URL, default the local start).
// Ends by itself after DEMO_SECONDS (default 300), or with Ctrl-C.
import { ensureInstalled, runScript } from "./install.mjs";

ensureInstalled(true);
const done = runScript("scripts/demo/main.mjs", process.argv.slice(2));
process.exit(done.status ?? 0);
