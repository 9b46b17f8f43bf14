// Prints what a file in the rules' shorthand is compiled to, a Prometheus rule file: npm run -s rules:compile -- FILE > rules.yml
import { existsSync, readFileSync } from "node:fs";
import { loadRules } from "./rules-bundle.mjs";

const [path, ...more] = process.argv.slice(2);
if (path === undefined || more.length > 0 || path.startsWith("--")) {
  console.error("usage: npm run -s rules:compile -- FILE");
  process.exit(2);
}
if (!existsSync(path)) fail(`${path}: no such file`);

const { compileShorthand, isShorthand } = await loadRules();
const text = readFileSync(path, "utf8");
if (!isShorthand(text))
  fail(`${path}: not in the shorthand: it has neither alerts: nor rules: of its own`);
const compiled = compileShorthand(text);
if (!compiled.ok) {
  const { line, column, message } = compiled.error;
  fail(`${path}:${line}:${column}: ${message}`);
}
for (const note of compiled.value.file.notes) console.error(`${path}:${note}`);
process.stdout.write(compiled.value.yaml);

function fail(message) {
  console.error(message);
  process.exit(1);
}
