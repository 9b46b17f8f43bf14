// Compares notifications with a real Alertmanager, all cases and across a full minute: npm run differential:alerts -- [CASES] [SEED]
import { runScript } from "./install.mjs";

const [cases = "200", seed = "1"] = process.argv.slice(2);
process.env.DIFFERENTIAL_CASES = cases;
process.env.DIFFERENTIAL_SEED = seed;
const test = "test/alerting/differential/differential.test.ts";
const run = runScript("node_modules/vitest/vitest.mjs", ["run", "--project", "alone", test]);
process.exit(run.status ?? 1);
