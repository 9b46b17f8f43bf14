// Runs a TypeScript program of the tests or benchmarks, bundled in memory, so that nothing is left behind.
import { join } from "node:path";
import { build } from "esbuild";

/** @param path from the project's root */
export async function runTypescript(path) {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "..", path)],
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
}
