import type { OutgoingNotification } from "../src/core/objects";
import type { Attempt, DeliveryRecord, NotificationHistory } from "../src/notify/history";
import { recordAttempt } from "../src/notify/history-record";
import { withTimeout } from "../src/storage/write-or-spill";
import type { Timers } from "./timers";

const TIMER = "history";
const WRITE_TIMEOUT_MS = 20_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Messages in one statement. */
const BATCH = 100;
/** Records that wait for D1, about a day of a message a second; beyond it the oldest go. */
const MAX_RECORDS = 100_000;

/**
 * What became of a receiver's messages, until D1 has it. Noted in the transaction that changes the
 * outbox, so that an outage of D1 delays the history and loses nothing of it; a record is written
 * under its own id, so that it may be written twice.
 */
export class ReceiverHistory {
  private following = false;
  private failures = 0;

  constructor(
    private readonly storage: DurableObjectStorage,
    private readonly timers: Timers,
    private readonly history: () => NotificationHistory,
    private readonly clock: () => number,
  ) {}

  /** Notes an attempt; to be called inside the transaction that it belongs to. */
  note(n: OutgoingNotification, attempt: Attempt): void {
    const sql = this.storage.sql;
    const row = sql
      .exec<{ data: string }>("SELECT data FROM history WHERE id = ?", n.id)
      .toArray()[0];
    const before = row === undefined ? undefined : (JSON.parse(row.data) as DeliveryRecord);
    const { record, tell, over } = recordAttempt(before, n, attempt);
    sql.exec(
      `INSERT INTO history VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT (id) DO UPDATE SET data = excluded.data,
         due = max(due, excluded.due), over = excluded.over, version = version + 1`,
      n.id,
      JSON.stringify(record),
      tell ? 1 : 0,
      over ? 1 : 0,
    );
  }

  /** Brings to D1 what waits for it. Never throws: what fails is tried again on the timer. */
  async follow(): Promise<void> {
    if (this.following || this.due(1).length === 0) return;
    this.following = true;
    try {
      // Should this object die on the way, the alarm brings it back to the rest.
      if (this.timers.at(TIMER) === undefined)
        await this.timers.set(TIMER, this.clock() + RETRY_MAX_MS);
      for (;;) {
        const rows = this.due(BATCH);
        if (rows.length === 0) break;
        // As note() wrote them.
        const records = rows.map((r) => JSON.parse(r.data) as DeliveryRecord);
        await withTimeout(this.history().recordDeliveries(records), WRITE_TIMEOUT_MS);
        this.failures = 0;
        this.storage.transactionSync(() => rows.forEach((r) => this.settled(r)));
      }
      await this.timers.clear(TIMER);
    } catch (e) {
      const waitMs = Math.min(RETRY_FIRST_MS * 2 ** this.failures, RETRY_MAX_MS);
      this.failures++;
      console.warn("receiver: the history has to wait", e);
      this.boundBacklog();
      await this.timers.set(TIMER, this.clock() + waitMs);
    } finally {
      this.following = false;
    }
  }

  /** For the alarm: whether its time has come, or something was left lying. */
  isDue(nowMs: number): boolean {
    const at = this.timers.at(TIMER);
    return at === undefined ? this.due(1).length > 0 : at <= nowMs;
  }

  private due(limit: number): Row[] {
    return this.storage.sql
      .exec<Row>(
        "SELECT id, data, over, version FROM history WHERE due = 1 ORDER BY id LIMIT ?",
        limit,
      )
      .toArray();
  }

  /** An attempt that was noted meanwhile is still to be told. */
  private settled(r: Row): void {
    this.storage.sql.exec(
      r.over === 1
        ? "DELETE FROM history WHERE id = ? AND version = ?"
        : "UPDATE history SET due = 0 WHERE id = ? AND version = ?",
      r.id,
      r.version,
    );
  }

  private boundBacklog(): void {
    const { n } = this.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM history").one();
    if (n <= MAX_RECORDS) return;
    console.error(`receiver: ${n - MAX_RECORDS} messages will be missing in the history`);
    this.storage.sql.exec(
      "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE over = 1 ORDER BY data ->> 'atMs' LIMIT ?)",
      n - MAX_RECORDS,
    );
  }
}

interface Row extends Record<string, SqlStorageValue> {
  id: string;
  data: string;
  over: number;
  version: number;
}
