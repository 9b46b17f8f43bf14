// How a project spreads over shards: npm run simulate:shards -- [--series 200000] [--scrapes 24] [--shards 1,4,16]
import { runTypescript } from "./run-typescript.mjs";

await runTypescript("test/bench/shards/main.ts");
