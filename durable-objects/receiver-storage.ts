import type { StoredIntegration, TemplateBundle } from "../src/alerting/sealed-config";
import type { OutgoingNotification } from "../src/core/objects";
import type { DeliveryLogEntry, InboxMessage } from "../src/notify/model";
import type { QueuedMessage } from "../src/notify/outbox";
import { type ObjectMigration, migrateObject } from "./migrate";

export const RECEIVER_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_receiver",
    sql: `CREATE TABLE outbox (seq INTEGER PRIMARY KEY, data TEXT NOT NULL, integration TEXT NOT NULL,
            enqueued_at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, next_attempt_ms INTEGER NOT NULL);
          CREATE TABLE seen (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
          CREATE TABLE deliveries (seq INTEGER PRIMARY KEY, data TEXT NOT NULL);
          CREATE TABLE inbox (seq INTEGER PRIMARY KEY, data TEXT NOT NULL);
          CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;`,
  },
  {
    id: "002_templates",
    sql: "CREATE TABLE templates (hash TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID",
  },
  {
    id: "003_history",
    sql: "CREATE TABLE history (id TEXT PRIMARY KEY, data TEXT NOT NULL, due INTEGER NOT NULL, over INTEGER NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID",
  },
];

const DELIVERY_ROWS = 500;
const INBOX_ROWS = 200;
/** Rows over the bound before the oldest go, so that not every message deletes. */
const SLACK = 50;
/** How long an id is remembered. A router repeats an intent for a day at most. */
const SEEN_MS = 48 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;

export interface OutboxRow extends QueuedMessage {
  readonly notification: OutgoingNotification;
  readonly integration: StoredIntegration;
}

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  data: string;
  integration: string;
  enqueued_at_ms: number;
  attempts: number;
  next_attempt_ms: number;
}

/** One receiver's outbox, delivery log and inbox in its object's SQLite. */
export class ReceiverStorage {
  /** What waits, without the messages themselves: they may be many, and large. */
  private queued: QueuedMessage[] | undefined;
  private forgotAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly storage: DurableObjectStorage) {
    migrateObject(storage, RECEIVER_MIGRATIONS);
  }

  transaction<T>(work: () => T): T {
    try {
      return this.storage.transactionSync(work);
    } catch (e) {
      this.queued = undefined; // memory may be ahead of the disk
      throw e;
    }
  }

  /** False where the id was taken before. */
  markSeen(id: string, nowMs: number): boolean {
    const known = this.storage.sql.exec("SELECT 1 FROM seen WHERE id = ?", id).toArray().length > 0;
    if (known) return false;
    this.storage.sql.exec("INSERT INTO seen VALUES (?, ?)", id, nowMs);
    return true;
  }

  /** Looks at every row, which is a row read each: not with each message. */
  forgetSeen(nowMs: number): void {
    if (Math.abs(nowMs - this.forgotAtMs) < FORGET_EVERY_MS) return;
    this.forgotAtMs = nowMs;
    this.storage.sql.exec("DELETE FROM seen WHERE at_ms < ?", nowMs - SEEN_MS);
  }

  /** What waits is sent as the newest message is: a receiver that was mended takes the others too. */
  enqueue(integrationJson: string, n: OutgoingNotification, nowMs: number): void {
    const queue = this.open();
    if (queue.length > 0)
      this.storage.sql.exec(
        "UPDATE outbox SET integration = ?1 WHERE integration <> ?1",
        integrationJson,
      );
    const { seq } = this.storage.sql
      .exec<{ seq: number }>(
        "INSERT INTO outbox (data, integration, enqueued_at_ms, attempts, next_attempt_ms) VALUES (?1, ?2, ?3, 0, ?3) RETURNING seq",
        JSON.stringify(n),
        integrationJson,
        nowMs,
      )
      .one();
    const { groupKey } = n;
    queue.push({ seq, groupKey, enqueuedAtMs: nowMs, attempts: 0, nextAttemptMs: nowMs });
  }

  /** Keeps templates for the messages that name them; those that no message names any more go. */
  keepTemplates(templatesJson: string): void {
    const { hash } = JSON.parse(templatesJson) as TemplateBundle; // as alerting/sealed-config made it
    if (this.templates(hash) !== undefined) return;
    this.storage.sql.exec("INSERT INTO templates VALUES (?, ?)", hash, templatesJson);
    this.storage.sql.exec(
      `DELETE FROM templates WHERE hash <> ?
       AND hash NOT IN (SELECT coalesce(json_extract(integration, '$.templates'), '') FROM outbox)`,
      hash,
    );
  }

  templates(hash: string): TemplateBundle | undefined {
    const row = this.storage.sql
      .exec<{ data: string }>("SELECT data FROM templates WHERE hash = ?", hash)
      .toArray()[0];
    return row === undefined ? undefined : (JSON.parse(row.data) as TemplateBundle);
  }

  /** Oldest first. */
  queue(): readonly QueuedMessage[] {
    return this.open();
  }

  /** Undefined where it left the outbox meanwhile. */
  message(seq: number): OutboxRow | undefined {
    const r = this.storage.sql
      .exec<StoredRow>("SELECT * FROM outbox WHERE seq = ?", seq)
      .toArray()[0];
    if (r === undefined) return undefined;
    const notification = JSON.parse(r.data) as OutgoingNotification; // as enqueue() wrote it
    return {
      seq: r.seq,
      groupKey: notification.groupKey,
      notification,
      integration: JSON.parse(r.integration) as StoredIntegration,
      enqueuedAtMs: r.enqueued_at_ms,
      attempts: r.attempts,
      nextAttemptMs: r.next_attempt_ms,
    };
  }

  retryAt(seq: number, attempts: number, nextAttemptMs: number): void {
    const queue = this.open();
    this.storage.sql.exec(
      "UPDATE outbox SET attempts = ?, next_attempt_ms = ? WHERE seq = ?",
      attempts,
      nextAttemptMs,
      seq,
    );
    this.queued = queue.map((m) => (m.seq === seq ? { ...m, attempts, nextAttemptMs } : m));
  }

  /** Whatever waits for its next attempt has it now. */
  retryAllAt(nowMs: number): void {
    const queue = this.open();
    this.storage.sql.exec(
      "UPDATE outbox SET next_attempt_ms = ?1 WHERE next_attempt_ms > ?1",
      nowMs,
    );
    this.queued = queue.map((m) => ({ ...m, nextAttemptMs: Math.min(m.nextAttemptMs, nowMs) }));
  }

  drop(seq: number): void {
    const queue = this.open();
    this.storage.sql.exec("DELETE FROM outbox WHERE seq = ?", seq);
    this.queued = queue.filter((m) => m.seq !== seq);
  }

  private open(): QueuedMessage[] {
    this.queued ??= this.storage.sql
      .exec<{
        seq: number;
        group_key: string;
        enqueued_at_ms: number;
        attempts: number;
        next_attempt_ms: number;
      }>(
        "SELECT seq, data ->> 'groupKey' AS group_key, enqueued_at_ms, attempts, next_attempt_ms FROM outbox ORDER BY seq",
      )
      .toArray()
      .map((r) => ({
        seq: r.seq,
        groupKey: r.group_key,
        enqueuedAtMs: r.enqueued_at_ms,
        attempts: r.attempts,
        nextAttemptMs: r.next_attempt_ms,
      }));
    return this.queued;
  }

  addDelivery(entry: DeliveryLogEntry): void {
    this.append("deliveries", entry, DELIVERY_ROWS);
  }

  deliveries(limit: number): DeliveryLogEntry[] {
    return this.newest<DeliveryLogEntry>("deliveries", limit);
  }

  addInbox(message: InboxMessage): void {
    this.append("inbox", message, INBOX_ROWS);
  }

  inbox(limit: number): InboxMessage[] {
    return this.newest<InboxMessage>("inbox", limit);
  }

  setting(name: string): string | undefined {
    return this.storage.sql
      .exec<{ data: string }>("SELECT data FROM settings WHERE id = ?", name)
      .toArray()[0]?.data;
  }

  putSetting(name: string, data: string): void {
    this.storage.sql.exec(
      "INSERT INTO settings VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
      name,
      data,
    );
  }

  dropSetting(name: string): void {
    this.storage.sql.exec("DELETE FROM settings WHERE id = ?", name);
  }

  private append(table: "deliveries" | "inbox", entry: unknown, keep: number): void {
    const sql = this.storage.sql;
    sql.exec(`INSERT INTO ${table} (data) VALUES (?)`, JSON.stringify(entry));
    const { first, last } = sql
      .exec<{ first: number; last: number }>(
        `SELECT min(seq) AS first, max(seq) AS last FROM ${table}`,
      )
      .one();
    if (last - first >= keep + SLACK) sql.exec(`DELETE FROM ${table} WHERE seq <= ?`, last - keep);
  }

  private newest<T>(table: "deliveries" | "inbox", limit: number): T[] {
    return this.storage.sql
      .exec<{ data: string }>(`SELECT data FROM ${table} ORDER BY seq DESC LIMIT ?`, limit)
      .toArray()
      .map((r) => JSON.parse(r.data) as T);
  }
}
