// How a project spreads over shards: npm run simulate:shards -- [--series 200000] [--scrapes 24] [--shards 1,4,16]
// The simulation is TypeScript beside the benchmarks; it is bundled in memory, so that nothing is left behind.
import { join } from "node:path";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, "..", "test", "bench", "shards", "main.ts")],
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
