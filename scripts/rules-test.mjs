// Runs promtool's files of rule tests by the code that evaluates rules in production:
// npm run rules:test -- [--run REGEX]… [--ignore-unknown-fields] [--junit FILE] [--json] FILE…
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadRules } from "./rules-bundle.mjs";

const USAGE =
  "usage: npm run rules:test -- [--run REGEX]… [--ignore-unknown-fields] [--junit FILE] [--json] FILE…";

const { values, positionals } = readArgs();
const rules = await loadRules();
const run = (values.run ?? []).map((r) => `(?s:.*)(?:${r})(?s:.*)`);
let chosen;
try {
  const patterns = run.map((r) => rules.compileRegex(r));
  chosen = patterns.length === 0 ? () => true : (name) => patterns.some((p) => p(name));
} catch (e) {
  console.error(`--run: ${e.message}`);
  process.exit(2);
}

const verdicts = [];
for (const path of positionals) {
  const verdict = existsSync(path)
    ? await verdictOf({
        file: { path, text: readFileSync(path, "utf8") },
        ruleFiles: (pattern) => filesOf(resolve(dirname(path)), pattern),
        chosen,
        ignoreUnknownFields: values["ignore-unknown-fields"] === true,
        limits: { maxEvaluations: 1e12, maxSamples: 50_000_000 },
      })
    : { file: path, passed: false, errors: [`${path}: no such file`], warnings: [], tests: [] };
  verdicts.push(verdict);
  if (!values.json) console.log(rules.renderVerdict(verdict));
}
if (values.json) console.log(JSON.stringify(verdicts, undefined, 2));
if (values.junit !== undefined) writeFileSync(values.junit, rules.renderJunit(verdicts));
process.exitCode = verdicts.every((v) => v.passed) ? 0 : 1;

async function verdictOf(run) {
  return (await rules.runTestFile(run)).verdict;
}

function readArgs() {
  try {
    const args = parseArgs({
      allowPositionals: true,
      options: {
        run: { type: "string", multiple: true },
        "ignore-unknown-fields": { type: "boolean" },
        junit: { type: "string" },
        json: { type: "boolean" },
      },
    });
    if (args.positionals.length > 0) return args;
    console.error(USAGE);
  } catch (e) {
    console.error(`${e.message}\n${USAGE}`);
  }
  return process.exit(2);
}

/** Files below `base` that a pattern of rule_files names, sorted. */
function filesOf(base, pattern) {
  let found = [pattern.startsWith("/") ? "/" : base];
  for (const part of pattern.split("/").filter((p) => p !== "" && p !== ".")) {
    found = found.flatMap((directory) => {
      if (!rules.isGlob(part)) return [join(directory, part)].filter((p) => existsSync(p));
      return entries(directory)
        .filter((name) => rules.matchesGlob(part, name))
        .map((name) => join(directory, name));
    });
  }
  return found
    .toSorted()
    .map((path) => ({ path: relative(process.cwd(), path), text: readFileSync(path, "utf8") }));
}

function entries(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
