// The parts of the benchmark in turn, and what became of every target.
import { benchAlertRules } from "./alert-rules.mjs";
import { benchBlocks } from "./blocks.mjs";
import { benchBytes } from "./bytes.mjs";
import { benchDashboard } from "./dashboard.mjs";
import { benchIngest } from "./ingest.mjs";
import { benchLatency } from "./latency.mjs";
import { benchMemory } from "./memory.mjs";
import { benchQueries } from "./queries.mjs";
import { Report } from "./report.mjs";
import { benchRouter } from "./router.mjs";
import { benchRules } from "./rules.mjs";
import { benchWake } from "./wake.mjs";
import { benchWrite } from "./write.mjs";

const PARTS = {
  write: benchWrite,
  queries: benchQueries,
  blocks: benchBlocks,
  bytes: benchBytes,
  memory: benchMemory,
  wake: benchWake,
  dashboard: benchDashboard,
  ingest: benchIngest,
  latency: benchLatency,
  router: benchRouter,
};

/** Take minutes each: run where they are named. */
const ASIDE = { rules: benchRules, "alert-rules": benchAlertRules };
const ALL = { ...PARTS, ...ASIDE };

const wanted = process.argv.slice(2);
const unknown = wanted.find((part) => ALL[part] === undefined);
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; there are ${Object.keys(ALL).join(", ")}`);
  process.exit(2);
}
const report = new Report();
for (const [name, part] of Object.entries(ALL)) {
  if (!(wanted.length === 0 ? name in PARTS : wanted.includes(name))) continue;
  console.log(`\n${name}`);
  await part(report);
}
report.print();
process.exitCode = report.allHold ? 0 : 1;
