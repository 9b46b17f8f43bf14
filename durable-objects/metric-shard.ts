import { DurableObject } from "cloudflare:workers";
import type { Labels } from "../src/core/labels";
import type { Matcher } from "../src/core/matchers";
import type { AppendResult, SelectRequest } from "../src/core/metric-store";
import type { MetricShardRpc, ShardStatus } from "../src/core/objects";
import type { MetricMetadata } from "../src/core/series";
import type { Env } from "../src/env";
import { makeObjects, parseObjectName } from "../src/storage/objects";
import { STREAM_BYTES } from "../src/tsdb/select-codec";
import { Shard } from "../src/tsdb/shard";
import { concatBytes } from "../src/tsdb/storage-port";
import { SqliteBlobStorage } from "./shard-storage";
import { Timers } from "./timers";

/** Small requests arriving within this share a log row. */
const GROUP_COMMIT_MS = 10;
/** From this size on a row of its own is cheap per sample, so that waiting would only cost time. */
const GROUP_COMMIT_BYTES = 16_384;
/** A rule group is nudged at most this often. */
const NUDGE_MS = 1_000;

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
  private readonly nudges = new Map<string, { trailing: boolean }>();
  private lastTickMs = 0;
  private registered = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.disk = new SqliteBlobStorage(ctx.storage);
    this.timers = new Timers(ctx.storage);
  }

  append(batch: Uint8Array): Promise<AppendResult> {
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
    return this.shard().series(matchers, startMs, endMs, limit);
  }

  async labelNames(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]> {
    return this.shard().labelNames(matchers, startMs, endMs, limit);
  }

  async labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]> {
    return this.shard().labelValues(name, matchers, startMs, endMs, limit);
  }

  async metadata(metric: string | undefined, limit: number): Promise<MetricMetadata[]> {
    return this.shard().metadata(metric, limit);
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

  async retain(_beforeMs: number): Promise<{ readonly deletedRows: number }> {
    return { deletedRows: 0 };
  }

  async status(): Promise<ShardStatus> {
    return {
      ...this.shard().status(),
      segments: 0,
      blocks: 0,
      samplesAppended: this.shard().samplesAppended,
    };
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.lastTickMs = now;
    try {
      this.tick();
    } catch (e) {
      console.error("metric shard: a tick failed", e);
      this.opened = undefined;
    }
  }

  private shard(): Shard {
    return (this.opened ??= new Shard(this.disk));
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
      this.scheduleTick();
    } catch (e) {
      // Memory may be ahead of the disk now: start again from the disk.
      this.opened = undefined;
      for (const p of batch) p.reject(e);
    }
  }

  private scheduleTick(): void {
    const now = Date.now();
    const next = this.shard().nextTick(now);
    if (next === undefined || this.tickTimer !== undefined) return;
    this.tickTimer = setTimeout(
      () => {
        this.tickTimer = undefined;
        this.tick();
      },
      Math.max(0, next - now),
    );
  }

  private tick(): void {
    const touched = this.shard().tick(Date.now());
    this.nudge(touched);
    this.scheduleTick();
  }

  /** Leading edge at once; then at most once a second, the last one never lost. */
  private nudge(groups: readonly string[]): void {
    for (const group of groups) {
      const running = this.nudges.get(group);
      if (running !== undefined) {
        running.trailing = true;
        continue;
      }
      const state = { trailing: false };
      this.nudges.set(group, state);
      this.sendNudge(group);
      setTimeout(() => {
        this.nudges.delete(group);
        if (state.trailing) this.nudge([group]);
      }, NUDGE_MS);
    }
  }

  private sendNudge(group: string): void {
    const { projectId } = parseObjectName(this.ctx.id.name);
    const objects = makeObjects(this.env, projectId, Date.now);
    // A lost nudge is repaired by the group's own grid.
    this.ctx.waitUntil(
      objects
        .ruleGroup(group)
        .nudge()
        .catch((e: unknown) => console.warn("nudge failed", group, e)),
    );
    if (!this.registered) {
      this.registered = true;
      this.ctx.waitUntil(
        objects
          .registerTicking("MetricShard", parseObjectName(this.ctx.id.name).rest)
          .catch((e: unknown) => console.warn("not listed", e)),
      );
    }
  }
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
