// Checks rule files as promtool's `check rules` does: npm run rules:check -- [--lint-fatal] [--strict] FILE…
// What Vedette takes and promtool does not is named; with --strict it is an error.
import { existsSync, readFileSync } from "node:fs";
import { loadRules } from "./rules-bundle.mjs";

const args = process.argv.slice(2);
const fatal = args.includes("--lint-fatal");
const ignoreUnknownFields = args.includes("--ignore-unknown-fields");
const strict = args.includes("--strict");
const OPTIONS = ["--lint-fatal", "--ignore-unknown-fields", "--strict"];
const files = args.filter((a) => !a.startsWith("--"));
const unknown = args.find((a) => a.startsWith("--") && !OPTIONS.includes(a));
if (files.length === 0 || unknown !== undefined) {
  console.error(
    "usage: npm run rules:check -- [--lint-fatal] [--ignore-unknown-fields] [--strict] FILE…",
  );
  process.exit(2);
}

const { checkRuleFile } = await loadRules();
let bad = false;
for (const file of files) {
  console.log(`Checking ${file}`);
  if (!existsSync(file)) {
    console.log(`  FAILED:\n${file}: no such file\n`);
    bad = true;
    continue;
  }
  const { errors, lint, extensions, rules } = checkRuleFile(readFileSync(file, "utf8"), {
    ignoreUnknownFields,
    strict,
  });
  if (errors.length > 0 || (fatal && lint.length > 0)) bad = true;
  for (const e of extensions) console.log(`  extension: ${e}`);
  const lines = [...errors.map((e) => `${file}: ${e}`), ...lint.map((l) => `${file}: ${l}`)];
  if (lines.length === 0) console.log(`  SUCCESS: ${rules} rules found\n`);
  else console.log(`  FAILED:\n${lines.join("\n")}\n`);
}
process.exitCode = bad ? 1 : 0;
