import { DurableObject } from "cloudflare:workers";
import { BatchFormatError } from "../src/core/batch";
import type { Labels } from "../src/core/labels";
import type { Matcher } from "../src/core/matchers";
import type {
  AppendResult,
  Cardinality,
  DeletedSeries,
  SelectRequest,
  ShardEpoch,
} from "../src/core/metric-store";
import type { MetricShardRpc, ShardStatus } from "../src/core/objects";
import type { ExemplarSeries, MetricMetadata } from "../src/core/series";
import { type Env, parseConfig, parseMetricLimits } from "../src/env";
import { makeObjects, parseObjectName } from "../src/storage/objects";
import { CacheLedger } from "../src/tsdb/cache-ledger";
import { DEFAULT_LIMITS } from "../src/tsdb/rejections";
import { STREAM_BYTES } from "../src/tsdb/select-codec";
import { NudgePace } from "../src/tsdb/nudge-pace";
import type { TouchedGroup } from "../src/tsdb/selector-groups";
import { Shard } from "../src/tsdb/shard";
import { concatBytes } from "../src/tsdb/storage-port";
import { TombstoneLimitError } from "../src/tsdb/tombstones";
import { SqliteBlobStorage } from "./shard-storage";
import { Timers } from "./timers";

/** Small requests arriving within this share a log row. */
const GROUP_COMMIT_MS = 10;
/** From this size on a row of its own is cheap per sample, so that waiting would only cost time. */
const GROUP_COMMIT_BYTES = 16_384;
/** Samples merged between two yields: about 20 ms of work. */
const SLICE_SAMPLES = 200_000;
/** An alarm is never set nearer than this: one that finds nothing to do must not spin. */
const MIN_ALARM_MS = 1_000;
/** After a failed alarm. */
const RETRY_MS = 60_000;
/** Appends that wait for a commit; more are refused, so that a flood cannot fill the memory. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

/** Memory is shared by all objects of the isolate, so their caches are. */
const LEDGER = new CacheLedger(64 * 1024 * 1024);

type TimerName = "maintain" | "repeat";

interface PendingAppend {
  readonly bytes: Uint8Array;
  readonly resolve: (r: AppendResult) => void;
  readonly reject: (e: unknown) => void;
}

/** The shell of one shard: group commit, timers, nudges. The store itself is src/tsdb/shard.ts. */
export class MetricShard extends DurableObject<Env> implements MetricShardRpc {
  private readonly disk: SqliteBlobStorage;
  private readonly timers: Timers;
  private opened: Shard | undefined;
  private pending: PendingAppend[] = [];
  private pendingBytes = 0;
  private commitTimer: ReturnType<typeof setTimeout> | undefined;
  private tickTimer: ReturnType<typeof setTimeout> | undefined;
  private maintaining = false;
  /** When each named timer is known to be set. */
  private readonly armed = new Map<TimerName, number>();
  private readonly nudges = new NudgePace();
  private nudgeTimer: ReturnType<typeof setTimeout> | undefined;
  private lastTickMs = 0;
  private listed = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.disk = new SqliteBlobStorage(ctx.storage);
    this.timers = new Timers(ctx.storage);
  }

  append(batch: Uint8Array): Promise<AppendResult> {
    if (this.pendingBytes + batch.length > MAX_PENDING_BYTES) {
      return Promise.reject(
        new Error(`more than ${MAX_PENDING_BYTES} bytes wait to be written: send again later`),
      );
    }
    return new Promise((resolve, reject) => {
      this.pending.push({ bytes: batch, resolve, reject });
      this.pendingBytes += batch.length;
      const large = this.pendingBytes >= GROUP_COMMIT_BYTES;
      if (this.commitTimer !== undefined && large) {
        clearTimeout(this.commitTimer);
        this.commitTimer = undefined;
      }
      this.commitTimer ??= setTimeout(() => void this.commit(), large ? 0 : GROUP_COMMIT_MS);
    });
  }

  async shardMap(shards: number, keepMs: number): Promise<readonly ShardEpoch[]> {
    const map = this.shard().shardMap(shards, Date.now(), keepMs);
    // Nobody may write to a shard that the map does not name.
    await this.ctx.storage.sync();
    return map;
  }

  async select(
    requests: readonly SelectRequest[],
    maxSamples: number,
  ): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    const pieces = this.shard().select(requests, maxSamples);
    const size = pieces.reduce((n, p) => n + p.length, 0);
    if (size <= STREAM_BYTES) return concatBytes(pieces);
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(writeAll(writable, pieces));
    return readable as ReadableStream<Uint8Array>;
  }

  async series(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<Labels[]> {
    return this.shard().series({ matchers, startMs, endMs }, limit);
  }

  async labelNames(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]> {
    return this.shard().labelNames({ matchers, startMs, endMs }, limit);
  }

  async labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]> {
    return this.shard().labelValues(name, { matchers, startMs, endMs }, limit);
  }

  async metadata(metric: string | undefined, limit: number): Promise<MetricMetadata[]> {
    return this.shard().metadata(metric, limit);
  }

  async exemplars(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<ExemplarSeries[]> {
    return this.shard().exemplars({ matchers, startMs, endMs });
  }

  async cardinality(limit: number): Promise<Cardinality> {
    return this.shard().cardinality(limit, Date.now());
  }

  async deleteSeries(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<DeletedSeries> {
    return this.changing((shard) => shard.deleteSeries(matchers, startMs, endMs, Date.now()));
  }

  async cleanTombstones(): Promise<void> {
    await this.changing((shard) => shard.cleanTombstones());
  }

  async importSamples(batch: Uint8Array): Promise<AppendResult> {
    return this.changing((shard) => shard.importSamples(batch, Date.now()));
  }

  async registerSelectors(
    group: string,
    version: number,
    selectors: readonly (readonly Matcher[])[],
  ): Promise<void> {
    this.shard().registerSelectors(group, version, selectors);
  }

  async unregisterSelectors(group: string): Promise<void> {
    this.shard().unregisterSelectors(group);
  }

  async retain(beforeMs: number, rawBeforeMs?: number): Promise<{ readonly deletedRows: number }> {
    return this.changing((shard) => ({ deletedRows: shard.retain(beforeMs, rawBeforeMs) }));
  }

  async status(): Promise<ShardStatus> {
    const { memoryBytes: _, ...status } = this.shard().status();
    return status;
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    await this.arm();
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.lastTickMs = now;
    for (const name of this.timers.due(now)) {
      await this.timers.clear(name);
      this.disk.count(2);
    }
    // After the clearing: a commit that ends meanwhile may have noted a timer that is gone now.
    this.armed.clear();
    // An alarm that throws six times is gone: record, and come back.
    try {
      this.tick();
      if (await this.maintain()) await this.arm();
      else await this.timers.set("maintain", now + RETRY_MS);
    } catch (e) {
      console.error("metric shard: an alarm failed", e);
      this.giveUp();
      await this.timers.set("maintain", now + RETRY_MS);
    }
    await this.timers.arm();
  }

  private shard(): Shard {
    if (this.opened === undefined) {
      this.opened = new Shard(this.disk, {
        limits: { ...DEFAULT_LIMITS, ...parseMetricLimits(this.env) },
        ledger: LEDGER,
        owner: this.ctx.id.toString(),
        place: {
          number: Number(parseObjectName(this.ctx.id.name).rest),
          of: parseConfig(this.env).metricShards,
        },
      });
      // Totals that waited when the object was last in memory.
      this.scheduleTick();
    }
    return this.opened;
  }

  /** Memory may be ahead of the disk: start again from the disk. */
  private giveUp(): void {
    this.opened?.close();
    this.opened = undefined;
  }

  /** A change that is durable when it resolves, and the maintenance that follows from it. */
  private async changing<T>(change: (shard: Shard) => T): Promise<T> {
    const shard = this.shard();
    let result: T;
    try {
      result = change(shard);
    } catch (e) {
      // These two come before anything is written.
      if (!(e instanceof BatchFormatError || e instanceof TombstoneLimitError)) this.giveUp();
      throw e;
    }
    await this.ctx.storage.sync();
    if (this.shard().needsMaintenance(Date.now())) setTimeout(() => void this.maintain(), 0);
    await this.armAt("maintain", this.shard().nextMaintenance());
    return result;
  }

  private async commit(): Promise<void> {
    this.commitTimer = undefined;
    const batch = this.pending;
    this.pending = [];
    this.pendingBytes = 0;
    try {
      const outcome = this.shard().append(
        batch.map((p) => p.bytes),
        Date.now(),
      );
      // The answer may leave only when the row is on disk.
      await this.ctx.storage.sync();
      outcome.results.forEach((r, i) => {
        const p = batch[i] as PendingAppend;
        if (r.ok) p.resolve(r.result);
        else p.reject(r.error);
      });
      this.nudge(outcome.touched);
      if (outcome.accumulated) {
        this.scheduleTick();
        await this.armRepeat();
      }
      if (this.shard().needsMaintenance(Date.now())) setTimeout(() => void this.maintain(), 0);
      await this.armAt("maintain", this.shard().nextMaintenance());
    } catch (e) {
      this.giveUp();
      for (const p of batch) p.reject(e);
    }
  }

  /** Fold, merge and cut until nothing is left, letting appends in after each slice. False where it failed. */
  private async maintain(): Promise<boolean> {
    if (this.maintaining) return true;
    this.maintaining = true;
    try {
      while (this.shard().maintain(Date.now(), SLICE_SAMPLES))
        await new Promise((resolve) => setTimeout(resolve, 0));
      return true;
    } catch (e) {
      console.error("metric shard: maintenance failed", e);
      this.giveUp();
      return false;
    } finally {
      this.maintaining = false;
    }
  }

  /** Sets the durable timers that are not set early enough. */
  private async arm(): Promise<void> {
    await this.armAt("maintain", this.shard().nextMaintenance());
    await this.armRepeat();
  }

  private async armRepeat(): Promise<void> {
    const { waiting, repeat } = this.shard().nextTick(Date.now());
    // A total that waits is written by the timer in memory; the durable one is for an object that died before.
    await this.armAt("repeat", min(repeat, waiting === undefined ? undefined : waiting + RETRY_MS));
  }

  private async armAt(name: TimerName, due: number | undefined): Promise<void> {
    if (due === undefined) return;
    const at = Math.max(due, Date.now() + MIN_ALARM_MS);
    const set = this.armed.get(name) ?? this.timers.at(name);
    if (set !== undefined && set <= at) {
      this.armed.set(name, set);
      return;
    }
    this.armed.set(name, at);
    await this.timers.set(name, at);
    // The timer's row and the alarm itself.
    this.disk.count(2);
    this.list();
  }

  private scheduleTick(): void {
    const now = Date.now();
    const next = this.shard().nextTick(now).waiting;
    if (next === undefined || this.tickTimer !== undefined) return;
    this.tickTimer = setTimeout(
      () => {
        this.tickTimer = undefined;
        try {
          this.tick();
        } catch (e) {
          console.error("metric shard: a tick failed", e);
          this.giveUp();
        }
      },
      Math.max(0, next - now),
    );
  }

  private tick(): void {
    this.nudge(this.shard().tick(Date.now()));
    this.scheduleTick();
  }

  private nudge(groups: readonly TouchedGroup[]): void {
    for (const touched of groups) {
      const now = this.nudges.touch(touched, Date.now());
      if (now !== undefined) this.sendNudge(now);
    }
    this.nudgeLater();
  }

  /** A second's touches are told when it is over. */
  private nudgeLater(): void {
    const next = this.nudges.nextMs();
    if (next === undefined || this.nudgeTimer !== undefined) return;
    this.nudgeTimer = setTimeout(
      () => {
        this.nudgeTimer = undefined;
        for (const due of this.nudges.due(Date.now())) this.sendNudge(due);
        this.nudgeLater();
      },
      Math.max(0, next - Date.now()),
    );
  }

  private sendNudge({ group, version, selectors }: TouchedGroup): void {
    const { projectId } = parseObjectName(this.ctx.id.name);
    const stub = makeObjects(this.env, projectId, Date.now).ruleGroup(group);
    // A lost nudge is repaired by the group's own grid.
    this.ctx.waitUntil(
      stub
        .nudge({ version, selectors })
        .catch((e: unknown) => console.warn("metric shard: a nudge failed", group, e)),
    );
  }

  /** D1 lists the objects that must tick, so that the cron can check them. */
  private list(): void {
    if (this.listed) return;
    this.listed = true;
    const { projectId, rest } = parseObjectName(this.ctx.id.name);
    const listing = makeObjects(this.env, projectId, Date.now).registerTicking("MetricShard", rest);
    this.ctx.waitUntil(
      listing.catch((e: unknown) => {
        this.listed = false;
        console.warn("metric shard: not listed for the cron's check", e);
      }),
    );
  }
}

function min(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

async function writeAll(
  writable: WritableStream<Uint8Array>,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const writer = writable.getWriter();
  try {
    for (const p of pieces) if (p.length > 0) await writer.write(p);
    await writer.close();
  } catch (e) {
    // The reader went away; there is nobody to tell.
    await writer.abort(e).catch(() => undefined);
  }
}
