/**
 * Named timers over the one alarm that a Durable Object has. The table is the
 * truth; the alarm is set to the earliest of them
 * (https://developers.cloudflare.com/durable-objects/api/alarms/).
 */
export class Timers {
  constructor(private readonly storage: DurableObjectStorage) {
    storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS timers (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** Sets (or moves) a timer. The alarm is touched only where the earliest time changes. */
  async set(name: string, atMs: number): Promise<void> {
    this.storage.sql.exec(
      "INSERT INTO timers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms WHERE at_ms <> excluded.at_ms",
      name,
      Math.ceil(atMs),
    );
    await this.arm();
  }

  async clear(name: string): Promise<void> {
    this.storage.sql.exec("DELETE FROM timers WHERE name = ?", name);
    await this.arm();
  }

  at(name: string): number | undefined {
    const row = this.storage.sql
      .exec<{ at_ms: number }>("SELECT at_ms FROM timers WHERE name = ?", name)
      .toArray()[0];
    return row?.at_ms;
  }

  /** Names whose time has come, earliest first. They stay until set anew or cleared. */
  due(nowMs: number): string[] {
    return this.storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM timers WHERE at_ms <= ? ORDER BY at_ms, name",
        nowMs,
      )
      .toArray()
      .map((r) => r.name);
  }

  /** Points the alarm at the earliest timer; to be called at the end of alarm(), and by the cron's check. Gives whether it had to change. */
  async arm(): Promise<boolean> {
    const current = await this.storage.getAlarm();
    // Read after the wait, in the turn that acts on it: timers may have been set meanwhile.
    const first = this.storage.sql
      .exec<{ at: number | null }>("SELECT min(at_ms) AS at FROM timers")
      .one().at;
    if (first === null) {
      if (current !== null) await this.storage.deleteAlarm();
      return current !== null;
    }
    if (current === first) return false;
    await this.storage.setAlarm(first);
    return true;
  }
}
