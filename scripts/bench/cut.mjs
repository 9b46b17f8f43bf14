// Samples in cut blocks: sent while they may still come late, and cut after a restart with the ordinary window.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ADMIN, startVedette } from "./processes.mjs";

/** Block `n` is rows (1024 + n) × 2^26 and on (src/tsdb/storage-port.ts). */
const SPACE = 2 ** 26;
const FIRST_BLOCK = 1024 * SPACE;
const CUT_MS = 120_000;

/**
 * Loads a shard (`fill(url)`) with samples up to `lateBy` old, restarts it with the ordinary out-of-order window,
 * lets it cut its blocks, and restarts it once more.
 */
export async function startOnCutBlocks(lateBy, fill) {
  const stateDir = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  const loading = await startVedette({ METRIC_OUT_OF_ORDER_WINDOW: lateBy }, { stateDir });
  await fill(loading.url).finally(loading.stop);
  const cutting = await startVedette({}, { stateDir });
  await untilCut(cutting).finally(cutting.stop);
  const server = await startVedette({}, { stateDir });
  const stop = async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { ...server, stop };
}

/** An append makes a shard look for work; it is done when two looks in a row find the same rows. */
async function untilCut(server) {
  const until = Date.now() + CUT_MS;
  let before = "";
  let same = 0;
  while (Date.now() < until) {
    await fetch(`${server.url}/api/v1/import/prometheus`, {
      method: "POST",
      headers: ADMIN,
      body: "bench_nudge 1",
    });
    await new Promise((r) => setTimeout(r, 700));
    const { rows, bytes } = blockBytes(server.stateDir);
    const now = `${rows} ${bytes}`;
    same = now === before ? same + 1 : 0;
    if (same === 3) return;
    before = now;
  }
  throw new Error(`the blocks were not cut within ${CUT_MS} ms`);
}

/** Rows and bytes of all blocks, index included, and the size of the database they are in. */
export function blockBytes(stateDir) {
  let [rows, bytes, database] = [0, 0, 0];
  for (const file of readdirSync(stateDir, { recursive: true })) {
    if (!file.endsWith(".sqlite") || !/MetricShard/i.test(file)) continue;
    const db = new DatabaseSync(join(stateDir, file), { readOnly: true });
    try {
      const hasBlobs = db
        .prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'blobs'")
        .get();
      if (hasBlobs.n === 0) continue;
      const sum = db
        .prepare(
          "SELECT count(*) AS n, coalesce(sum(length(data)), 0) AS bytes FROM blobs WHERE id >= ?",
        )
        .get(FIRST_BLOCK);
      const pages = db
        .prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
        .get();
      rows += sum.n;
      bytes += sum.bytes;
      database += pages.bytes;
    } finally {
      db.close();
    }
  }
  return { rows, bytes, database };
}
