// The rules' own TypeScript for the command line, bundled in memory, so that nothing is left behind.
import { join } from "node:path";
import { build } from "esbuild";

const SOURCE = `
export { runTestFile } from "./src/rules/testing/run-tests";
export { renderJunit, renderVerdict } from "./src/rules/testing/verdict";
export { checkRuleFile } from "./src/rules/testing/check-file";
export { compileShorthand, isShorthand } from "./src/rules/shorthand/compile";
export { isGlob, joinPath, matchesGlob } from "./src/rules/glob";
export { compileRegex } from "./src/core/matchers";
`;

export async function loadRules() {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, resolveDir: join(import.meta.dirname, ".."), loader: "ts" },
    bundle: true,
    // Of packages that have several builds the one that needs nothing of Node, as on Workers.
    platform: "browser",
    format: "esm",
    target: "es2023",
    write: false,
    logLevel: "warning",
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}
