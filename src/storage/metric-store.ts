import { readBatch } from "../core/batch";
import { type Labels, compareLabels, compareStrings, labelsKey } from "../core/labels";
import type { Matcher } from "../core/matchers";
import {
  type AppendResult,
  type Cardinality,
  type DeletedSeries,
  type MetricKeeper,
  type MetricReader,
  type NamedCount,
  type MetricWriter,
  SampleBudgetError,
  type SelectRequest,
  type ShardEpoch,
  ShardUnavailableError,
} from "../core/metric-store";
import type { MetricShardRpc } from "../core/objects";
import type { ExemplarSeries, MetricMetadata, Series } from "../core/series";
import { cutBatch, splitBatch } from "../tsdb/batch-split";
import { mergeResults } from "../tsdb/rejections";
import { decodeSelect } from "../tsdb/select-codec";
import { shardsToRead } from "../tsdb/shard-map";
import { concatBytes } from "../tsdb/storage-port";

export interface MetricStoreOptions {
  /** The stub of one shard of the project. */
  readonly shard: (number: number) => MetricShardRpc;
  /** How many shards take the writes; one unless given. */
  readonly shards?: number;
  /** Gives the epochs that {@link MetricShardRpc.shardMap} notes; the union of all is read. Only `shards` unless given. */
  readonly shardMap?: () => Promise<readonly ShardEpoch[]>;
}

/** Larger batches go in pieces: one RPC value stops at 32 MiB, and a histogram's series are many times its bytes on the wire. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** Samples held at once by one query unless it says otherwise. */
export const DEFAULT_MAX_SAMPLES = 4_000_000;

/** A project's metrics over its shards. */
export function makeMetricStore(
  options: MetricStoreOptions,
): MetricReader & MetricWriter & MetricKeeper {
  const writeShards = options.shards ?? 1;
  /** Asked before any data: a shard may be written to only once the map names it. */
  const shardMap = async (): Promise<readonly ShardEpoch[]> => {
    try {
      return (await options.shardMap?.()) ?? [];
    } catch (e) {
      throw new ShardUnavailableError(
        `metric shard 0 did not say how many shards there are: ${e instanceof Error ? e.message : String(e)}`,
        { cause: e },
      );
    }
  };
  const countOfShards = async (): Promise<number> =>
    Math.max(writeShards, shardsToRead(await shardMap()));

  const ask = async <T>(
    number: number,
    call: (shard: MetricShardRpc) => Promise<T>,
  ): Promise<T> => {
    try {
      return await call(options.shard(number));
    } catch (e) {
      // Errors cross the RPC with their name; a class does not.
      if (e instanceof Error && e.name === "SampleBudgetError")
        throw new SampleBudgetError(e.message);
      if (e instanceof Error && (e.name === "BatchFormatError" || e.name === "TombstoneLimitError"))
        throw e;
      throw new ShardUnavailableError(
        `metric shard ${number} did not answer: ${e instanceof Error ? e.message : String(e)}`,
        { cause: e },
      );
    }
  };
  const askAll = async <T>(call: (shard: MetricShardRpc) => Promise<T>): Promise<T[]> => {
    const length = await countOfShards();
    return Promise.all(Array.from({ length }, (_, i) => ask(i, call)));
  };

  type Write = (shard: MetricShardRpc, batch: Uint8Array) => Promise<AppendResult>;
  const writePiece = async (batch: Uint8Array, write: Write): Promise<AppendResult> => {
    if (writeShards === 1) return ask(0, (s) => write(s, batch));
    const parts = splitBatch(readBatch(batch), writeShards);
    const results = await Promise.all(
      [...parts].map(([number, bytes]) => ask(number, (s) => write(s, bytes))),
    );
    return mergeResults(results);
  };
  const write = async (batch: Uint8Array, how: Write): Promise<AppendResult> => {
    await shardMap();
    if (batch.length <= PIECE_BYTES) return writePiece(batch, how);
    const results: AppendResult[] = [];
    for (const piece of cutBatch(readBatch(batch), PIECE_BYTES))
      results.push(await writePiece(piece, how));
    return mergeResults(results);
  };

  return {
    append: (batch) => write(batch, (shard, bytes) => shard.append(bytes)),

    importSamples: (batch) => write(batch, (shard, bytes) => shard.importSamples(bytes)),

    async retain(beforeMs, rawBeforeMs): Promise<{ readonly deletedRows: number }> {
      const parts = await askAll((s) => s.retain(beforeMs, rawBeforeMs));
      return { deletedRows: parts.reduce((n, p) => n + p.deletedRows, 0) };
    },

    async deleteSeries(matchers, startMs, endMs): Promise<DeletedSeries> {
      const parts = await askAll((s) => s.deleteSeries(plain(matchers), startMs, endMs));
      return {
        series: parts.reduce((n, p) => n + p.series, 0),
        samples: parts.reduce((n, p) => n + p.samples, 0),
      };
    },

    async cleanTombstones(): Promise<void> {
      await askAll((s) => s.cleanTombstones());
    },

    async select(requests: readonly SelectRequest[], limits): Promise<Series[][]> {
      const maxSamples = limits?.maxSamples ?? DEFAULT_MAX_SAMPLES;
      const asked = requests.map((r) => ({
        matchers: plain([r.matchers])[0] ?? [],
        startMs: r.startMs,
        endMs: r.endMs,
        ...(r.hints === undefined ? {} : { hints: r.hints }),
      }));
      const answers = await askAll(async (s) => readAnswer(await s.select(asked, maxSamples)));
      const found = decodeSelect(answers, requests);
      if (answers.length > 1) {
        const held = found.reduce(
          (n, list) => n + list.reduce((m, s) => m + s.timestamps.length, 0),
          0,
        );
        if (held > maxSamples)
          throw new SampleBudgetError(`the query needs more than ${maxSamples} samples`);
      }
      return found;
    },

    async series(matchers, startMs, endMs, limit): Promise<Labels[]> {
      const lists = await askAll((s) => s.series(plain(matchers), startMs, endMs, limit));
      const byKey = new Map(lists.flat().map((l) => [labelsKey(l), l]));
      return [...byKey.values()].sort(compareLabels).slice(0, limit);
    },

    async labelNames(matchers, startMs, endMs, limit): Promise<string[]> {
      return unite(
        await askAll((s) => s.labelNames(plain(matchers), startMs, endMs, limit)),
        limit,
      );
    },

    async labelValues(name, matchers, startMs, endMs, limit): Promise<string[]> {
      return unite(
        await askAll((s) => s.labelValues(name, plain(matchers), startMs, endMs, limit)),
        limit,
      );
    },

    async metadata(metric, limit): Promise<MetricMetadata[]> {
      const lists = await askAll((s) => s.metadata(metric, limit));
      const byName = new Map(lists.flat().map((m) => [m.name, m]));
      return [...byName.values()].sort((a, b) => compareStrings(a.name, b.name)).slice(0, limit);
    },

    async exemplars(matchers, startMs, endMs): Promise<ExemplarSeries[]> {
      const lists = await askAll((s) => s.exemplars(plain(matchers), startMs, endMs));
      const byKey = new Map<string, ExemplarSeries>();
      for (const s of lists.flat()) {
        const key = labelsKey(s.seriesLabels);
        const known = byKey.get(key)?.exemplars ?? [];
        // A series has two shards where the map changed; each of its exemplars is in one of them.
        const exemplars = [...known, ...s.exemplars].sort((a, b) => a.timestampMs - b.timestampMs);
        byKey.set(key, { seriesLabels: s.seriesLabels, exemplars });
      }
      return [...byKey.values()].sort((a, b) => compareLabels(a.seriesLabels, b.seriesLabels));
    },

    async cardinality(limit): Promise<Cardinality> {
      // Asked for more than is shown: what is large overall may be middling in each shard.
      const parts = await askAll((s) => s.cardinality(limit * 4));
      const sum = (of: (c: Cardinality) => number): number => parts.reduce((n, p) => n + of(p), 0);
      const top = (of: (c: Cardinality) => readonly NamedCount[]): NamedCount[] =>
        largest(parts.flatMap(of), limit);
      return {
        activeSeries: sum((c) => c.activeSeries),
        maxSeries: sum((c) => c.maxSeries),
        chunks: sum((c) => c.chunks),
        minTimeMs: Math.min(...parts.map((c) => c.minTimeMs)),
        maxTimeMs: Math.max(...parts.map((c) => c.maxTimeMs)),
        seriesCountByMetricName: top((c) => c.seriesCountByMetricName),
        labelValueCountByLabelName: top((c) => c.labelValueCountByLabelName),
        memoryInBytesByLabelName: top((c) => c.memoryInBytesByLabelName),
        seriesCountByLabelValuePair: top((c) => c.seriesCountByLabelValuePair),
        newSeriesByMetricName: top((c) => c.newSeriesByMetricName),
      };
    },
  };
}

/** Equal names added up, largest first. */
function largest(counts: readonly NamedCount[], limit: number): NamedCount[] {
  const byName = new Map<string, number>();
  for (const { name, value } of counts) byName.set(name, (byName.get(name) ?? 0) + value);
  return [...byName]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value || compareStrings(a.name, b.name))
    .slice(0, limit);
}

function unite(lists: readonly (readonly string[])[], limit: number): string[] {
  return [...new Set(lists.flat())].sort(compareStrings).slice(0, limit);
}

/** Matchers as plain data: a matcher that carries more (a parser's node) does not cross the RPC. */
function plain(matchers: readonly (readonly Matcher[])[]): Matcher[][] {
  return matchers.map((list) => list.map(({ type, name, value }) => ({ type, name, value })));
}

async function readAnswer(answer: Uint8Array | ReadableStream<Uint8Array>): Promise<Uint8Array> {
  if (answer instanceof Uint8Array) return answer;
  const parts: Uint8Array[] = [];
  for await (const part of answer) parts.push(part);
  return concatBytes(parts);
}
