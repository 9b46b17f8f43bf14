// What a shard with many active series holds, as V8 counts it: the store alone in a process of its own, over a real SQLite.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { node, root } from "../install.mjs";

const ACTIVE = 50_000;
const ROUNDS = 10;

export async function benchMemory(report) {
  const dir = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  const outfile = join(dir, "shard-memory.mjs");
  try {
    await build({
      entryPoints: [join(root, "test/bench/shard-memory.ts")],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
    });
    const out = execFileSync(node, ["--expose-gc", outfile, String(ACTIVE), String(ROUNDS)], {
      encoding: "utf8",
    });
    const { activeSeries, bytes, told } = JSON.parse(out);
    if (activeSeries !== ACTIVE) throw new Error(`${activeSeries} series instead of ${ACTIVE}`);
    report.add({
      what: `memory of a shard with ${ACTIVE} active series`,
      value: bytes / 1e6,
      unit: " MB",
      atMost: 40,
      note: `it counts ${(told / 1e6).toFixed(1)} MB itself`,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
