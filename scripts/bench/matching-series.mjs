// Series that the selectors of given expressions match, made from the selectors themselves.
import { join } from "node:path";
import { build } from "esbuild";

const SOURCE = `
export { parseExpr, selectorsOf } from "./src/promql";
export { compileMatchers, compileRegex } from "./src/core/matchers";
export { labelsOf } from "./src/core/labels";
`;

async function load() {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, resolveDir: join(import.meta.dirname, "../.."), loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2023",
    write: false,
    logLevel: "warning",
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

/**
 * `perSelector` series (name/value pairs, sorted by name) for each different selector, and how many
 * of all of them an expression's selectors match. A selector that no series could be made for is counted.
 */
export async function matchingSeries(expressions, perSelector) {
  const { parseExpr, selectorsOf, compileMatchers, compileRegex, labelsOf } = await load();
  const selectors = new Map();
  for (const text of expressions) {
    const parsed = parseExpr(text);
    if (!parsed.ok) throw new Error(`${text} does not parse`);
    for (const { matchers } of selectorsOf(parsed.value))
      selectors.set(JSON.stringify(matchers), matchers);
  }
  const series = new Map();
  let unmatched = 0;
  for (const matchers of selectors.values()) {
    const fixed = { job: "bench", namespace: "shop", pod: "web" };
    for (const m of matchers) {
      if (m.type === "=" && m.value !== "") fixed[m.name] = m.value;
      else if (m.type === "=~") fixed[m.name] = exampleOf(m.value, compileRegex);
      else if (m.type === "!=" && m.value === "") fixed[m.name] = "set";
      else delete fixed[m.name];
    }
    const name = fixed.__name__ ?? "";
    for (let i = 0; i < perSelector; i++) {
      const own = { ...fixed, instance: fixed.instance ?? `host-${i}:9100` };
      if (name.endsWith("_bucket")) own.le = ["0.1", "0.5", "1", "5", "+Inf"][i % 5];
      const record = labelsOf(own);
      if (!compileMatchers(matchers)(record)) {
        unmatched += i === 0 ? 1 : 0;
        continue;
      }
      series.set(
        JSON.stringify(record),
        Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    }
  }
  const all = [...series.values()];
  const flat = all.map((pairs) => labelsOf(Object.fromEntries(pairs)));
  const counts = new Map();
  for (const [key, matchers] of selectors) {
    const matches = compileMatchers(matchers);
    counts.set(key, flat.filter((l) => matches(l)).length);
  }
  /** The most series that one selector of an expression has. */
  const selected = (text) =>
    Math.max(
      0,
      ...selectorsOf(parseExpr(text).value).map((s) => counts.get(JSON.stringify(s.matchers))),
    );
  return { series: all, selectors: selectors.size, unmatched, selected };
}

/** A text that the pattern accepts, by its first alternatives; what cannot be guessed so is left to be counted. */
function exampleOf(pattern, compileRegex) {
  const guesses = [
    pattern.split("|")[0],
    firstArms(pattern),
    firstArms(pattern).replaceAll(/\.[+*]/g, "x"),
    firstArms(pattern).replaceAll(/\.[+*]/g, ""),
    "x",
    "eth0",
    "5xx",
    "500",
  ].map((g) => g.replaceAll(/\\(.)/g, "$1").replaceAll(/[$^]/g, ""));
  const matches = compileRegex(pattern);
  return guesses.find((g) => g !== "" && matches(g)) ?? guesses[0];
}

function firstArms(pattern) {
  let text = pattern;
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replaceAll(/\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)[?*+]?/g, "$1");
  }
  return text
    .split("|")[0]
    .replaceAll(/\[(\^?)([^\]])[^\]]*\][+*?]?/g, (_, not, c) => (not ? "z" : c));
}
