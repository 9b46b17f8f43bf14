/** What a shard with SERIES active series holds in memory, over a disk of SQLite, after a collection. Run by scripts/bench/memory.mjs. */
import { DatabaseSync } from "node:sqlite";
import { BatchBuilder } from "../../src/core/batch";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf } from "../../src/core/labels";
import { Shard } from "../../src/tsdb/shard";
import type { BlobStorage } from "../../src/tsdb/storage-port";

const SERIES = Number(process.argv[2]);
const ROUNDS = Number(process.argv[3]);
const STEP_MS = 15_000;
const PER_REQUEST = 2_000;
const endMs = 1_700_006_400_000;

const before = held();
const shard = new Shard(sqliteStorage());
for (let round = 0; round < ROUNDS; round++) {
  const now = endMs + round * STEP_MS;
  for (let from = 0; from < SERIES; from += PER_REQUEST) {
    shard.append([batchOf(from, Math.min(SERIES, from + PER_REQUEST), now)], now);
    while (shard.needsMaintenance(now)) if (!shard.maintain(now, 200_000)) break;
  }
}
// Waking symbols and postings up: a shard that is asked holds them too.
const name = { type: "=", name: "__name__", value: "http_requests_total" } as const;
const pod = { type: "=", name: "pod", value: "pod-7" } as const;
shard.select([{ matchers: [name, pod], startMs: endMs, endMs: endMs + 60_000 }], 1e6);
const bytes = held() - before;
const { activeSeries, memoryBytes } = shard.status();
console.log(JSON.stringify({ activeSeries, bytes, told: memoryBytes }));

function held(): number {
  for (let k = 0; k < 3; k++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function batchOf(from: number, to: number, now: number): Uint8Array {
  const b = new BatchBuilder();
  for (let i = from; i < to; i++) {
    const labels = labelsOf({
      __name__: "http_requests_total",
      code: String(200 + (i % 5)),
      instance: `host-${Math.floor(i / 100)}:9100`,
      job: "api",
      method: i % 2 === 0 ? "GET" : "POST",
      path: `/api/v1/resource/${i % 100}`,
      pod: `pod-${i}`,
    });
    b.sample(b.seriesBytes(encodeLabels(labels)), now, ((i % 7) + 1) * (now / STEP_MS));
  }
  return b.finish();
}

function sqliteStorage(): BlobStorage {
  const db = new DatabaseSync(":memory:");
  db.exec(
    "CREATE TABLE blobs (id INTEGER PRIMARY KEY, data BLOB); CREATE TABLE log (seq INTEGER PRIMARY KEY, data BLOB)",
  );
  const get = db.prepare("SELECT data FROM blobs WHERE id = ?");
  const range = db.prepare("SELECT id, data FROM blobs WHERE id >= ? AND id < ? ORDER BY id");
  const put = db.prepare(
    "INSERT INTO blobs VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
  );
  const drop = db.prepare("DELETE FROM blobs WHERE id >= ? AND id < ?");
  const log = db.prepare("INSERT INTO log (data) VALUES (?)");
  const read = db.prepare("SELECT data FROM log ORDER BY seq");
  return {
    transaction: (work) => work(),
    get: (id) => get.get(id)?.["data"] as Uint8Array | undefined,
    range: (from, to) => range.all(from, to) as unknown as { id: number; data: Uint8Array }[],
    put: (id, data) => void put.run(id, data),
    deleteRange: (from, to) => Number(drop.run(from, to).changes),
    appendLog: (data) => void log.run(data),
    readLog: () => read.all().map((r) => r["data"] as Uint8Array),
    clearLog: () => db.exec("DELETE FROM log"),
    rowsWritten: () => 0,
    databaseBytes: () => 0,
  };
}
