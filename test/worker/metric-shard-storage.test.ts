import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { SqliteBlobStorage } from "../../durable-objects/shard-storage";
import { storageContract } from "../tsdb/storage-contract";

let objects = 0;

describe("the disk over a Durable Object's SQLite", () => {
  storageContract((test) =>
    runInDurableObject(env.METRIC_SHARD.getByName(`storage-${objects++}/0`), (_, state) =>
      test(new SqliteBlobStorage(state.storage)),
    ),
  );
});
