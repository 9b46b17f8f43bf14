import { type Env, parseConfig } from "../env";
import { insertEvents, unpackEventWrite } from "./event-insert";
import { EVENTS_KIND } from "./event-store";
import { insertLogChunks, unpackLogChunks } from "./log-chunks";
import { LOG_CHUNKS_KIND } from "./log-store";
import { insertSpanChunks, unpackSpanChunks } from "./span-chunks";
import { SPAN_CHUNKS_KIND } from "./trace-store";
import { shardsOf } from "./shard-epochs";
import { makeMetricStore } from "./metric-store";
import { makeObjects } from "./objects";

/**
 * Brings a spilled write to where it belonged. Idempotent: the store may have committed
 * before it seemed to fail, and the spill may try again after it succeeded.
 */
export type SpillWriter = (env: Env, projectId: string, payload: Uint8Array) => Promise<void>;

/** What `SpillRpc.put` can keep, by kind. A kind stays as long as an object out there may hold one. */
export const SPILL_WRITERS: Readonly<Record<string, SpillWriter>> = {
  [EVENTS_KIND]: async (env, projectId, payload) => {
    await insertEvents(env.DB, projectId, unpackEventWrite(payload));
  },
  [LOG_CHUNKS_KIND]: async (env, projectId, payload) => {
    await insertLogChunks(env.DB, projectId, unpackLogChunks(payload));
  },
  [SPAN_CHUNKS_KIND]: async (env, projectId, payload) => {
    await insertSpanChunks(env.DB, projectId, unpackSpanChunks(payload));
  },
  /** Counters of records that are stored already (http/derived-metrics.ts). */
  "metric-batch": async (env, projectId, payload) => {
    const objects = makeObjects(env, projectId, () => Date.now());
    const { metricShards } = parseConfig(env);
    const shards = shardsOf(objects, projectId, metricShards, () => Date.now());
    await makeMetricStore(shards).append(payload);
  },
};
