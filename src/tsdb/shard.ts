import { BatchFormatError, readBatch } from "../core/batch";
import type { Labels } from "../core/labels";
import type { Matcher } from "../core/matchers";
import type {
  AppendResult,
  Cardinality,
  DeletedSeries,
  SelectRequest,
  ShardEpoch,
} from "../core/metric-store";
import type { ExemplarSeries, MetricMetadata } from "../core/series";
import { matchSeries } from "./match";
import {
  REPEAT_MS,
  STEP_MS,
  flush,
  isForgotten,
  isRetired,
  isWaiting,
  repeat,
} from "./accumulators";
import { BlockSet } from "./block-set";
import { BlockStore } from "./block-store";
import { CacheLedger } from "./cache-ledger";
import { cardinalityOf } from "./cardinality";
import {
  checkpointed,
  expireBatchIds,
  readCheckpoint,
  readSelectors,
  rewriteSeries,
  writeCheckpoint,
  writeLastTimes,
  writeSelectors,
} from "./checkpoint";
import { Commit } from "./commit";
import { cutTime } from "./compaction-plan";
import { countDeletion, resetLastTimes } from "./deletion";
import { foldHead } from "./fold";
import { dropKnown, partBatch, writeOld } from "./import";
import { cutRows, joinRows, readLogRecord } from "./log-codec";
import { type BlockMeta, DAY_MS, DOWNSAMPLED, type Manifest } from "./manifest";
import { type QuerySource, compareStored, selectChunks } from "./query";
import { AppendTally, DEFAULT_LIMITS, type ShardLimits, mergeResults } from "./rejections";
import { type RetentionState, readRetention, writeRetention } from "./retention-state";
import type { TouchedGroup } from "./selector-groups";
import { type SeriesFilter, listLabelNames, listLabelValues, listSeries } from "./series-listing";
import { ShardState } from "./shard-state";
import { decodeShardMap, encodeShardMap, shardOf, withShards } from "./shard-map";
import { type BlobStorage, SPACES, getSpace, putSpace } from "./storage-port";
import { Tombstones } from "./tombstones";

/** The head and the log are folded before they pass any of these. */
export interface FoldLimits {
  readonly headBytes: number;
  readonly logRows: number;
  readonly logBytes: number;
}

export const DEFAULT_FOLD: FoldLimits = {
  headBytes: 8 * 1024 * 1024,
  logRows: 512,
  logBytes: 16 * 1024 * 1024,
};

export interface ShardOptions {
  readonly limits?: ShardLimits;
  readonly fold?: FoldLimits;
  readonly ledger?: CacheLedger;
  /** Tells this shard's cache entries from others' in a shared ledger. */
  readonly owner?: string;
  /** Samples after which a merge notes how far it is. */
  readonly checkpointSamples?: number;
  /** Which of how many shards this is. A counter that has moved to another shard is not repeated here. */
  readonly place?: ShardPlace;
}

export interface ShardPlace {
  readonly number: number;
  readonly of: number;
}

/** What became of one append of a group commit. */
export type AppendOutcome =
  | { readonly ok: true; readonly result: AppendResult }
  | { readonly ok: false; readonly error: BatchFormatError };

export interface CommitOutcome {
  readonly results: readonly AppendOutcome[];
  /** Rule groups to nudge. */
  readonly touched: readonly TouchedGroup[];
  /** Whether an accumulator moved, so that {@link Shard.nextTick} may have changed. */
  readonly accumulated: boolean;
}

/** Samples of a series, on average, that make a chunk worth its overhead. */
const WORTHY_CHUNK = 32;
/** Dead series are cleared once they are this share of all. */
const DEAD_SHARE = 0.2;
const DEAD_MIN = 1_000;
/** Rows of batch ids are read through for old ones this often. */
const EXPIRE_IDS_MS = 3_600_000;
/** A shard that is full looks for dead series this often. */
const ROOM_MS = 600_000;

/**
 * One shard of a project's metrics over a small disk. Single-threaded: every
 * call runs to its end. After a call threw for the disk, the state in memory is
 * not to be trusted: open the shard again.
 */
export class Shard {
  private readonly state = new ShardState();
  private readonly store: BlockStore;
  private readonly ledger: CacheLedger;
  private readonly owner: string;
  private readonly limits: ShardLimits;
  private readonly fold: FoldLimits;
  private readonly tombstones: Tombstones;
  private readonly blockSet: BlockSet;
  private readonly place: ShardPlace;
  private retention: RetentionState;
  private roomMadeMs = -Infinity;
  private idsExpiredMs = -Infinity;
  samplesAppended = 0;

  constructor(
    private readonly storage: BlobStorage,
    options: ShardOptions = {},
  ) {
    this.limits = options.limits ?? DEFAULT_LIMITS;
    this.fold = options.fold ?? DEFAULT_FOLD;
    this.ledger = options.ledger ?? new CacheLedger(64 * 1024 * 1024);
    this.owner = options.owner ?? "shard";
    this.place = options.place ?? { number: 0, of: 1 };
    this.tombstones = new Tombstones(storage, () => this.state.table, this.ledger, this.owner);
    this.store = new BlockStore(storage, this.ledger, this.owner, this.tombstones);
    this.blockSet = new BlockSet(
      storage,
      this.store,
      this.tombstones,
      this.limits.outOfOrderMs,
      options.checkpointSamples,
    );
    this.retention = readRetention(storage);
    this.setRetention(this.retention);
    readCheckpoint(storage, this.state);
    const log = storage.readLog();
    for (const record of joinRows(log)) {
      this.state.replay(readLogRecord(record));
      this.state.logBytes += record.length;
    }
    this.state.logRows = log.length;
    this.state.table.restored();
    this.ledger.hold(this.owner, this.state.footprint, this);
    for (const spec of readSelectors(storage)) this.state.groups.register(spec, this.state.table);
  }

  /** Group commit: judges all batches, writes one log record, and answers each. Durable once the disk is. */
  append(batches: readonly Uint8Array[], now: number): CommitOutcome {
    this.makeRoom(now);
    const commit = this.begin(now);
    const results = batches.map((b): AppendOutcome => {
      try {
        return { ok: true, result: commit.add(b) };
      } catch (error) {
        if (error instanceof BatchFormatError) return { ok: false, error };
        throw error;
      }
    });
    this.write(commit, now);
    const touched = this.state.groups.touchedBy(commit.touched);
    return { results, touched, accumulated: commit.log.accumulators.size > 0 };
  }

  /** Writes accumulator totals that wait, and repeats values that are due. Gives the groups to nudge. */
  tick(now: number): readonly TouchedGroup[] {
    const commit = this.begin(now);
    for (const state of this.state.accumulators.values()) {
      if (!isWaiting(state) && this.hasMoved(state.ref)) continue;
      const step = isWaiting(state) ? flush(state, now) : repeat(state, now);
      if (step.emit.length > 0) commit.accumulate(step.state, step.emit);
    }
    this.write(commit, now);
    return this.state.groups.touchedBy(commit.touched);
  }

  /** When {@link tick} has something to do next: a second on for totals that wait, by the minute for repeats; undefined for never. */
  nextTick(now: number): {
    readonly waiting: number | undefined;
    readonly repeat: number | undefined;
  } {
    let waiting = Infinity;
    let repeats = Infinity;
    for (const s of this.state.accumulators.values()) {
      if (isWaiting(s)) waiting = Math.min(waiting, s.emittedMs + STEP_MS);
      else if (!isRetired(s, now) && !this.hasMoved(s.ref))
        repeats = Math.min(repeats, s.emittedMs + REPEAT_MS);
    }
    return {
      waiting: waiting === Infinity ? undefined : waiting,
      repeat: repeats === Infinity ? undefined : repeats,
    };
  }

  /** Whether {@link maintain} has something to do now. */
  needsMaintenance(now: number): boolean {
    return this.shouldFold(now) || this.blockSet.needsMerge(now);
  }

  /** When the oldest samples that are not in a cut block can be cut; undefined where there are none. */
  nextMaintenance(): number | undefined {
    const { head } = this.state;
    const times = this.blocks
      .filter((b) => b.level === 0)
      .map((b) => cutTime(b.maxMs, this.limits.outOfOrderMs));
    if (head.count > 0) times.push(cutTime(head.minTime, this.limits.outOfOrderMs));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * One slice of fold, merge and cut, of about `budget` samples. Gives whether there is more to do.
   * A fold is one slice whatever the budget: the head is bounded.
   */
  maintain(now: number, budget: number): boolean {
    if (this.shouldFold(now)) {
      this.foldNow(now);
      return true;
    }
    return this.blockSet.merge(now, budget, this.state.table);
  }

  /** Folds the head and the log into segments, checkpoints the rest, and empties the log; all in one transaction. */
  foldNow(now: number): void {
    const { state } = this;
    for (const [ref, a] of state.accumulators) {
      if (!isForgotten(a, now)) continue;
      state.accumulators.delete(ref);
      state.accumulatorsChanged = true;
    }
    state.batchIds.expire(now);
    this.storage.transaction(() => {
      const before = this.blockSet.manifest;
      const segments = foldHead(state.head, state.table, this.store, before.nextBlockId);
      let next: Manifest = {
        ...before,
        blocks: [...before.blocks, ...segments],
        nextBlockId: before.nextBlockId + segments.length,
      };
      const dead = this.deadSeries(next.blocks, now);
      if (dead.size > 0) {
        state.dropSeries(dead);
        next = rewriteSeries(this.storage, state.table, next);
        state.newSeries.length = 0;
      }
      next = writeCheckpoint(this.storage, state, next);
      if (now - this.idsExpiredMs >= EXPIRE_IDS_MS) {
        expireBatchIds(this.storage, state.batchIds.oldestMs);
        this.idsExpiredMs = now;
      }
      this.blockSet.write(next);
      this.storage.clearLog();
    });
    checkpointed(state);
    state.head.clear();
    state.logRows = 0;
    state.logBytes = 0;
    this.ledger.hold(this.owner, state.footprint, this);
  }

  /** Encoded series per request (select-codec.ts), in pieces. @throws SampleBudgetError */
  select(requests: readonly SelectRequest[], maxSamples: number): readonly Uint8Array[] {
    return selectChunks(this.source(), requests, maxSamples);
  }

  series(filter: SeriesFilter, limit: number): Labels[] {
    return listSeries(this.source(), filter, limit);
  }

  labelNames(filter: SeriesFilter, limit: number): string[] {
    return listLabelNames(this.source(), filter, limit);
  }

  labelValues(name: string, filter: SeriesFilter, limit: number): string[] {
    return listLabelValues(this.source(), name, filter, limit);
  }

  metadata(metric: string | undefined, limit: number): MetricMetadata[] {
    const all =
      metric === undefined
        ? [...this.state.metadata.values()]
        : [this.state.metadata.get(metric)].filter((m) => m !== undefined);
    return all.slice(0, limit);
  }

  /** @see MetricReader.cardinality */
  cardinality(limit: number, now: number): Cardinality {
    return cardinalityOf(this.source(), this.limits.maxSeries, now, limit);
  }

  /**
   * Hides samples from every read at once; they leave the disk with the next merge of their block. Folds the head,
   * so that all there is lies in blocks.
   * @throws TombstoneLimitError
   */
  deleteSeries(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    now: number,
  ): DeletedSeries {
    if (this.state.head.count > 0) this.foldNow(now);
    // No sample is older than the epoch, and beyond these the numbers are not exact.
    const [from, to] = [Math.max(0, startMs), Math.min(endMs, 2 ** 51)];
    if (to < from) return { series: 0, samples: 0 };
    const { refs, ...count } = countDeletion(this.source(), matchers, from, to);
    if (count.samples === 0) return count;
    const beforeBlock = this.blockSet.manifest.nextBlockId;
    const { table } = this.state;
    this.storage.transaction(() => {
      this.tombstones.add({ matchers, startMs: from, endMs: to, beforeBlock, apply: false });
      resetLastTimes(table, refs, this.blocks, this.store);
      writeLastTimes(this.storage, table);
      // What is told apart by its number from now on must not be numbered like a block of before.
      this.blockSet.write(this.blockSet.manifest);
    });
    return count;
  }

  /**
   * Writes samples of any age: recent ones as {@link append} does, older ones as blocks of their own, which lie
   * beside others until a merge joins them. Blocks are written in one transaction with the manifest that names them.
   * @throws BatchFormatError before anything was written
   */
  importSamples(bytes: Uint8Array, now: number): AppendResult {
    const tally = new AppendTally();
    const { recent, old } = partBatch(
      readBatch(bytes),
      Math.max(0, this.retention.horizonMs),
      this.limits,
      now,
      tally,
    );
    const results: AppendResult[] = [];
    if (old.length > 0) {
      const newest = Math.max(...old.map((s) => s.samples.times[s.count - 1] as number));
      if (this.state.head.minTime <= newest) this.foldNow(now);
      dropKnown(this.source(), old, this.limits, tally);
      this.storage.transaction(() => {
        const before = this.blockSet.manifest;
        const written = writeOld(this.source(), old, before.nextBlockId, this.limits, now);
        if (written.length === 0) return;
        this.blockSet.write({
          ...before,
          blocks: [...before.blocks, ...written],
          nextBlockId: before.nextBlockId + written.length,
        });
      });
      const samples = old.reduce((n, s) => n + s.count, 0);
      tally.accepted += samples;
      this.samplesAppended += samples;
    }
    results.push(tally.result());
    if (recent !== undefined) {
      const [outcome] = this.append([recent], now).results;
      if (outcome?.ok === false) throw outcome.error;
      if (outcome !== undefined) results.push(outcome.result);
    }
    return mergeResults(results);
  }

  /** Has the blocks rewritten that hold deleted samples, in {@link maintain}. */
  cleanTombstones(): void {
    this.tombstones.apply();
  }

  /** Exemplars with startMs ≤ t ≤ endMs of the series that one of the matcher lists accepts. */
  exemplars(filter: SeriesFilter): ExemplarSeries[] {
    const { table, exemplars } = this.state;
    const wanted = new Set<number>();
    for (const list of filter.matchers.length === 0 ? [[]] : filter.matchers)
      for (const ref of matchSeries(table, list)) wanted.add(ref);
    const found = exemplars.find(filter.startMs, filter.endMs, (ref) => wanted.has(ref));
    return [...found].map(([ref, list]) => ({
      seriesLabels: table.labelsOf(ref),
      exemplars: list,
    }));
  }

  /** @see MetricShardRpc.shardMap */
  shardMap(shards: number, now: number, keepMs: number): readonly ShardEpoch[] {
    const stored = getSpace(this.storage, SPACES.shardMap);
    // Before the map was kept there was one shard, or as many as the first to ask has.
    const map = stored === undefined ? [] : decodeShardMap(stored);
    const next = withShards(map, shards, now, keepMs);
    if (next !== map) putSpace(this.storage, SPACES.shardMap, encodeShardMap(next));
    return next;
  }

  registerSelectors(
    group: string,
    version: number,
    selectors: readonly (readonly Matcher[])[],
  ): void {
    const before = JSON.stringify(
      this.state.groups.specs().find((s) => s.group === group)?.selectors,
    );
    if (!this.state.groups.register({ group, version, selectors }, this.state.table)) return;
    // A group registers again at each evaluation; only a change is worth a row.
    if (JSON.stringify(selectors) !== before)
      writeSelectors(this.storage, this.state.groups.specs());
  }

  unregisterSelectors(group: string): void {
    if (this.state.groups.unregister(group))
      writeSelectors(this.storage, this.state.groups.specs());
  }

  /**
   * Hides samples older than `beforeMs` from reads and deletes the blocks that hold nothing newer; blocks that end
   * before `rawBeforeMs` are downsampled by {@link maintain}. Gives the rows deleted.
   */
  retain(beforeMs: number, rawBeforeMs = -Infinity): number {
    const next = { horizonMs: beforeMs, rawBeforeMs };
    const deleted = this.blockSet.retain(beforeMs);
    const stored = this.retention;
    this.setRetention(next);
    // A row an hour is worth it only where a block reaches over one of the bounds, or after a day.
    const matters = this.blocks.some(
      (b) => b.minMs < beforeMs || (b.level < DOWNSAMPLED && b.minMs < rawBeforeMs),
    );
    if (matters || !(beforeMs - stored.horizonMs < DAY_MS) || rawBeforeMs < stored.rawBeforeMs)
      writeRetention(this.storage, next);
    return deleted;
  }

  /** Forgets what is cached; to be called when the shard is given up. */
  close(): void {
    this.store.close();
    this.tombstones.close();
    this.ledger.hold(this.owner, 0, this);
  }

  status(): ShardFigures {
    return {
      activeSeries: this.state.table.live,
      headSamples: this.state.head.count,
      logRows: this.state.logRows,
      segments: this.blocks.filter((b) => b.level === 0).length,
      blocks: this.blocks.filter((b) => b.level > 0).length,
      rowsWritten: this.storage.rowsWritten(),
      databaseBytes: this.storage.databaseBytes(),
      samplesAppended: this.samplesAppended,
      memoryBytes: this.state.footprint,
    };
  }

  get blocks(): readonly BlockMeta[] {
    return this.blockSet.all;
  }

  private setRetention(retention: RetentionState): void {
    this.retention = retention;
    this.store.horizonMs = retention.horizonMs;
    this.blockSet.rawBeforeMs = retention.rawBeforeMs;
  }

  private hasMoved(ref: number): boolean {
    const { number, of } = this.place;
    if (of === 1 && number === 0) return false;
    const bytes = this.state.table.bytesOf(ref);
    return shardOf(bytes, 0, bytes.length, of) !== number;
  }

  private source(): QuerySource {
    return { state: this.state, blocks: this.blocks, store: this.store };
  }

  private begin(now: number): Commit {
    const source = this.source();
    return new Commit(
      this.state,
      { compare: (samples) => compareStored(source, samples) },
      this.limits,
      now,
    );
  }

  private write(commit: Commit, now: number): void {
    const record = commit.finish();
    if (record === undefined) return;
    this.samplesAppended += commit.log.samples;
    const rows = cutRows(record);
    if (rows.length === 1) this.storage.appendLog(rows[0] as Uint8Array);
    else this.storage.transaction(() => rows.forEach((r) => this.storage.appendLog(r)));
    this.state.logRows += rows.length;
    this.state.logBytes += record.length;
    // The log must never pass its bound, or waking would not be cheap.
    if (this.state.logRows >= this.fold.logRows || this.state.logBytes >= this.fold.logBytes)
      this.foldNow(now);
  }

  /** Folds first where the head cannot keep a sample of now beside the ones it has, or where dead series may make room. */
  private makeRoom(now: number): void {
    const { head, table } = this.state;
    const full = table.live >= this.limits.maxSeries && now - this.roomMadeMs >= ROOM_MS;
    if (full) this.roomMadeMs = now;
    if (full || !head.fits(now)) this.foldNow(now);
  }

  private shouldFold(now: number): boolean {
    const { head } = this.state;
    if (head.count === 0) return false;
    if (head.bytes >= this.fold.headBytes || cutTime(head.minTime, this.limits.outOfOrderMs) <= now)
      return true;
    // Long enough chunks are worth a fold sooner, as it holds appends back for less.
    return head.bytes >= this.fold.headBytes / 2 && head.count >= head.series.length * WORTHY_CHUNK;
  }

  /** Series whose samples lie in cut blocks alone: those carry their labels, so memory may forget them. */
  private deadSeries(blocks: readonly BlockMeta[], now: number): ReadonlySet<number> {
    const { table, accumulators } = this.state;
    const oldestSegment = blocks.reduce(
      (min, b) => (b.level === 0 ? Math.min(min, b.minMs) : min),
      Infinity,
    );
    const before = Math.min(oldestSegment, now - this.limits.outOfOrderMs);
    const dead = new Set<number>();
    for (let ref = 0; ref < table.size; ref++) {
      if (table.isLive(ref) && (table.lastTime[ref] as number) < before && !accumulators.has(ref))
        dead.add(ref);
    }
    // What was deleted is only hidden yet: a number given anew would show a segment's samples under another name.
    if (dead.size > 0)
      for (const b of blocks)
        if (b.level === 0 && this.tombstones.concern(b))
          for (const ref of this.store.refs(b).refs) dead.delete(ref);
    const worth =
      dead.size >= Math.max(DEAD_MIN, table.live * DEAD_SHARE) ||
      (dead.size > 0 && table.live >= this.limits.maxSeries);
    return worth ? dead : new Set();
  }
}

export interface ShardFigures {
  readonly activeSeries: number;
  readonly headSamples: number;
  readonly logRows: number;
  readonly segments: number;
  readonly blocks: number;
  readonly rowsWritten: number;
  readonly databaseBytes: number;
  readonly samplesAppended: number;
  /** Held by the head and the series table. */
  readonly memoryBytes: number;
}
