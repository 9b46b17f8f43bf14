// Runs promqltest scripts against the engine: npm run conformance:promql -- [--mutate] [--quiet] FILE…
// The runner is TypeScript beside the tests; it is bundled in memory, so that nothing is left behind.
import { join } from "node:path";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, "..", "test", "promql", "promqltest", "main.ts")],
  bundle: true,
  platform: "node",
  format: "esm",
  target: "es2023",
  write: false,
  logLevel: "warning",
});
await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);
