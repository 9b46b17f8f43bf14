/**
 * Runs promqltest scripts against the engine: `npm run conformance:promql -- [--mutate] [--quiet] FILE…`.
 * Prints per file how many evals passed and each that failed with expected and got.
 * Exits 1 where an eval failed or a line could not be read. With --mutate every
 * expectation is turned around, and then each eval that passes is the failure.
 */
import { readFileSync } from "node:fs";
import { runScript } from "./run";

const args = process.argv.slice(2);
const mutate = args.includes("--mutate");
const quiet = args.includes("--quiet");
const files = args.filter((a: string) => !a.startsWith("--"));
if (files.length === 0) {
  console.error("usage: npm run conformance:promql -- [--mutate] [--quiet] FILE…");
  process.exit(2);
}

let bad = false;
for (const file of files) {
  try {
    const outcomes = await runScript(readFileSync(file, "utf8"), { mutate });
    const passed = outcomes.filter((o) => o.failure === undefined);
    console.log(
      `${file}: ${passed.length}/${outcomes.length} passed${mutate ? " with every expectation changed" : ""}`,
    );
    if (mutate) {
      for (const o of passed)
        console.log(`  line ${o.line}: ${o.query}\n    passes whatever is expected`);
      if (passed.length > 0) bad = true;
      continue;
    }
    for (const o of outcomes) {
      if (o.failure === undefined) continue;
      bad = true;
      if (quiet) continue;
      console.log(
        `  line ${o.line}: ${o.query}\n    expected: ${indent(o.failure.expected)}\n    got:      ${indent(o.failure.got)}`,
      );
    }
  } catch (e) {
    bad = true;
    console.error(`${file}: ${e instanceof Error ? e.message : String(e)}`);
  }
}
process.exit(bad ? 1 : 0);

function indent(text: string): string {
  return (text === "" ? "(nothing)" : text).replaceAll("\n", "\n              ");
}
