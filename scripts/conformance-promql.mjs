// Runs promqltest scripts against the engine: npm run conformance:promql -- [--mutate] [--quiet] FILE…
import { runTypescript } from "./run-typescript.mjs";

await runTypescript("test/promql/promqltest/main.ts");
