import { DurableObject } from "cloudflare:workers";
import type { SpillRpc, SpillStatus } from "../src/core/objects";
import type { Env } from "../src/env";
import { makeObjects, parseObjectName } from "../src/storage/objects";
import { afterFailure, drainDelayMs } from "../src/storage/spill-drain";
import { SPILL_WRITERS } from "../src/storage/spill-writers";
import { withTimeout } from "../src/storage/write-or-spill";
import { migrateObject } from "./migrate";
import { Timers } from "./timers";

/** What waits and what is kept aside, together. A day of 100 KB a second of outage. */
const MAX_BYTES = 512 * 1024 * 1024;
/** A row holds at most 2 MB. */
const PART_BYTES = 1024 * 1024;
/** Batches that one alarm writes before it yields to the next. */
const DRAIN_BATCHES = 50;
const DRAIN_TIMEOUT_MS = 20_000;
const POISON_SHOWN = 20;

const MIGRATIONS = [
  {
    id: "first",
    sql: `CREATE TABLE batches (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, bytes INTEGER NOT NULL, put_at_ms INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', poisoned INTEGER NOT NULL DEFAULT 0);
          CREATE TABLE parts (batch_id INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (batch_id, n)) WITHOUT ROWID;
          CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;`,
  },
];

/** A batch put by code that knew more kinds than this. */
class UnknownKindError extends Error {}

interface BatchRow extends Record<string, SqlStorageValue> {
  id: number;
  kind: string;
  attempts: number;
}

/**
 * Keeps D1 writes that D1 refused, and brings them there in order once it is well. One per project
 * and signal, so that an outage of hours in one does not hold back the others.
 */
export class Spill extends DurableObject<Env> implements SpillRpc {
  private readonly sql: SqlStorage;
  private readonly timers: Timers;
  private heldBytes: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    migrateObject(ctx.storage, MIGRATIONS);
    this.timers = new Timers(ctx.storage);
    this.heldBytes = this.sql
      .exec<{ n: number }>("SELECT coalesce(sum(bytes), 0) AS n FROM batches")
      .one().n;
  }

  async put(kind: string, payload: Uint8Array): Promise<void> {
    if (SPILL_WRITERS[kind] === undefined)
      throw new Error(`no spill writer is called ${JSON.stringify(kind)}`);
    if (this.heldBytes + payload.length > MAX_BYTES) {
      throw new Error(
        `spill_full: ${this.heldBytes} bytes wait, spill_bytes allows ${MAX_BYTES}; the database must take writes again first`,
      );
    }
    this.ctx.storage.transactionSync(() => {
      const { id } = this.sql
        .exec<{ id: number }>(
          "INSERT INTO batches (kind, bytes, put_at_ms) VALUES (?, ?, ?) RETURNING id",
          kind,
          payload.length,
          Date.now(),
        )
        .one();
      for (let n = 0; n * PART_BYTES < payload.length || n === 0; n++) {
        this.sql.exec(
          "INSERT INTO parts VALUES (?, ?, ?)",
          id,
          n,
          payload.slice(n * PART_BYTES, (n + 1) * PART_BYTES),
        );
      }
    });
    this.heldBytes += payload.length;
    if (this.timers.at("drain") === undefined) {
      await this.timers.set("drain", Date.now() + drainDelayMs(0, Math.random()));
      // D1 may well be down; the drain tries again.
      this.ctx.waitUntil(this.beListed().catch(() => undefined));
    }
  }

  override async alarm(): Promise<void> {
    this.setFact("last_tick_ms", Date.now());
    try {
      const { emptied, failed } = await this.drain();
      const failures = failed ? this.fact("failures") + 1 : 0;
      this.setFact("failures", failures);
      if (failed && this.fact("listed") === 0)
        this.ctx.waitUntil(this.beListed().catch(() => undefined));
      if (!emptied)
        await this.timers.set(
          "drain",
          Date.now() + (failed ? drainDelayMs(failures, Math.random()) : 0),
        );
    } catch (e) {
      // An alarm that keeps throwing is lost after six tries.
      console.error("spill drain failed", e);
      await this.timers.set("drain", Date.now() + drainDelayMs(6, Math.random()));
    }
    await this.timers.arm();
  }

  async ensureTicking(): Promise<{ lastTickMs: number; rearmed: boolean }> {
    if (this.next() !== undefined && this.timers.at("drain") === undefined)
      await this.timers.set("drain", Date.now());
    return { lastTickMs: this.fact("last_tick_ms"), rearmed: await this.timers.arm() };
  }

  async status(): Promise<SpillStatus> {
    const row = this.sql
      .exec<{ pending: number; bytes: number; oldest: number; poisoned: number }>(
        `SELECT count(*) FILTER (WHERE poisoned = 0) AS pending, coalesce(sum(bytes) FILTER (WHERE poisoned = 0), 0) AS bytes,
           coalesce(min(put_at_ms) FILTER (WHERE poisoned = 0), 0) AS oldest, count(*) FILTER (WHERE poisoned = 1) AS poisoned FROM batches`,
      )
      .one();
    const poison = this.sql
      .exec<{ kind: string; bytes: number; putAtMs: number; error: string }>(
        "SELECT kind, bytes, put_at_ms AS putAtMs, error FROM batches WHERE poisoned = 1 ORDER BY id DESC LIMIT ?",
        POISON_SHOWN,
      )
      .toArray();
    return {
      pending: row.pending,
      pendingBytes: row.bytes,
      oldestAtMs: row.oldest,
      failures: this.fact("failures"),
      poisoned: row.poisoned,
      poison,
    };
  }

  /** Writes the oldest batches until none is left, the store refuses, or the share of this alarm is done. */
  private async drain(): Promise<{ readonly emptied: boolean; readonly failed: boolean }> {
    for (let i = 0; i < DRAIN_BATCHES; i++) {
      const batch = this.next();
      if (batch === undefined) {
        await this.timers.clear("drain");
        await this.beUnlisted();
        // A batch may have come while the list was changed.
        return { emptied: this.next() === undefined, failed: false };
      }
      try {
        await this.write(batch);
        this.remove(batch.id);
      } catch (e) {
        if (!(await this.setBack(batch, e))) return { emptied: false, failed: true };
      }
    }
    return { emptied: false, failed: false };
  }

  private async write(batch: BatchRow): Promise<void> {
    const writer = SPILL_WRITERS[batch.kind];
    if (writer === undefined) throw new UnknownKindError(`no spill writer is called ${batch.kind}`);
    await withTimeout(writer(this.env, this.projectId, this.payload(batch.id)), DRAIN_TIMEOUT_MS);
  }

  /** Notes the failure; true where the batch was put aside, so that the next may go. */
  private async setBack(batch: BatchRow, error: unknown): Promise<boolean> {
    const attempts = batch.attempts + 1;
    const message = error instanceof Error ? error.message : String(error);
    const { step } =
      error instanceof UnknownKindError ? { step: "poison" } : afterFailure(error, attempts);
    const poisoned = step === "poison" || (step === "probe" && (await this.storeTakesWrites()));
    this.sql.exec(
      "UPDATE batches SET attempts = ?, error = ?, poisoned = ? WHERE id = ?",
      attempts,
      message.slice(0, 1_000),
      poisoned ? 1 : 0,
      batch.id,
    );
    return poisoned;
  }

  private async storeTakesWrites(): Promise<boolean> {
    return await this.beListed().then(
      () => true,
      () => false,
    );
  }

  private next(): BatchRow | undefined {
    return this.sql
      .exec<BatchRow>(
        "SELECT id, kind, attempts FROM batches WHERE poisoned = 0 ORDER BY id LIMIT 1",
      )
      .toArray()[0];
  }

  private payload(id: number): Uint8Array {
    const parts = this.sql
      .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM parts WHERE batch_id = ? ORDER BY n", id)
      .toArray()
      .map((r) => new Uint8Array(r.bytes));
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      out.set(p, at);
      at += p.length;
    }
    return out;
  }

  private remove(id: number): void {
    this.ctx.storage.transactionSync(() => {
      this.sql.exec("DELETE FROM parts WHERE batch_id = ?", id);
      const gone = this.sql
        .exec<{ bytes: number }>("DELETE FROM batches WHERE id = ? RETURNING bytes", id)
        .toArray();
      for (const { bytes } of gone) this.heldBytes -= bytes;
    });
  }

  private get projectId(): string {
    return parseObjectName(this.ctx.id.name).projectId;
  }

  /** On the list of objects that the cron checks. Written each time: it is also the probe whether D1 takes writes. */
  private async beListed(): Promise<void> {
    const { projectId, rest } = parseObjectName(this.ctx.id.name);
    await withTimeout(
      makeObjects(this.env, projectId, () => Date.now()).registerTicking("Spill", rest),
      DRAIN_TIMEOUT_MS,
    );
    this.setFact("listed", 1);
  }

  private async beUnlisted(): Promise<void> {
    if (this.fact("listed") === 0) return;
    const { projectId, rest } = parseObjectName(this.ctx.id.name);
    await withTimeout(
      makeObjects(this.env, projectId, () => Date.now()).unregisterTicking("Spill", rest),
      DRAIN_TIMEOUT_MS,
    );
    this.setFact("listed", 0);
  }

  private fact(name: string): number {
    return (
      this.sql.exec<{ value: number }>("SELECT value FROM facts WHERE name = ?", name).toArray()[0]
        ?.value ?? 0
    );
  }

  private setFact(name: string, value: number): void {
    this.sql.exec(
      "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
      name,
      value,
    );
  }
}
