// The parts of the benchmark in turn, and what became of every target.
import { benchBlocks } from "./blocks.mjs";
import { benchBytes } from "./bytes.mjs";
import { benchDashboard } from "./dashboard.mjs";
import { benchMemory } from "./memory.mjs";
import { benchQueries } from "./queries.mjs";
import { Report } from "./report.mjs";
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
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((part) => PARTS[part] === undefined);
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const report = new Report();
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}`);
  await part(report);
}
report.print();
process.exitCode = report.allHold ? 0 : 1;
