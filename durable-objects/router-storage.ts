import type { CooldownEntry } from "../src/alerting/cooldown";
import type { Dismissal } from "../src/alerting/dismiss";
import type { FlapRecord } from "../src/alerting/flap";
import type { NotificationLogEntry, RoutedAlert, Silence } from "../src/alerting/model";
import type {
  Group,
  Intent,
  Outcome,
  RouterState,
  SourceState,
  ToldEntry,
} from "../src/alerting/state";
import { emptyState } from "../src/alerting/state";
import type { StoredGroup } from "../src/alerting/grouping";
import { markRestored } from "../src/alerting/sources";
import type { TemplateBundle } from "../src/alerting/sealed-config";
import type { MaintenanceWindow } from "../src/alerting/windows";
import { type ObjectMigration, migrateObject } from "./migrate";

export const ROUTER_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_router",
    sql: `CREATE TABLE alerts (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE sources (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE groups (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE told (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE silences (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE intents (seq INTEGER PRIMARY KEY, lane TEXT NOT NULL, created_at_ms INTEGER NOT NULL, data TEXT NOT NULL);
          CREATE TABLE log (seq INTEGER PRIMARY KEY, data TEXT NOT NULL);`,
  },
  {
    id: "002_windows_damping",
    sql: `CREATE TABLE windows (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE flaps (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE cooldowns (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;`,
  },
  {
    id: "003_dismissed",
    sql: "CREATE TABLE dismissed (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID",
  },
];

/** The notification log keeps this many decisions; older ones go a hundred at a time. */
const LOG_ROWS = 2_000;
const LOG_SLACK = 100;
/** A call takes 32 MiB; a decision about thousands of alerts names them all. */
const LOG_CHARS = 8 * 1024 * 1024;

/** Settings that hold template bundles, by hash. */
const TEMPLATES = "templates:";

type Table =
  | "alerts"
  | "sources"
  | "groups"
  | "told"
  | "silences"
  | "windows"
  | "flaps"
  | "cooldowns"
  | "dismissed"
  | "settings";

export interface StoredIntent {
  readonly seq: number;
  readonly createdAtMs: number;
  readonly intent: Intent;
}

/** The router's state on disk: a row per record, written only where the record changed. */
export class RouterStorage {
  constructor(private readonly storage: DurableObjectStorage) {
    migrateObject(storage, ROUTER_MIGRATIONS);
  }

  /** Everything but the groups, which follow from alerts and routes. */
  load(): { readonly state: RouterState; readonly groups: readonly StoredGroup[] } {
    const state = emptyState();
    for (const a of this.all<RoutedAlert>("alerts")) {
      // JSON has no NaN; an undefined field is absent.
      const value = (a.value as number | null) ?? Number.NaN;
      state.alerts.set(a.fingerprint, { ...a, value });
    }
    for (const s of this.all<SourceState>("sources")) {
      markRestored(s);
      state.sources.set(s.source, s);
    }
    for (const t of this.all<ToldEntry>("told")) state.told.set(t.key, t);
    for (const s of this.all<Silence>("silences")) state.silences.set(s.id, s);
    for (const w of this.all<MaintenanceWindow>("windows")) state.windows.set(w.id, w);
    for (const f of this.all<FlapRecord>("flaps")) state.flaps.set(f.fingerprint, f);
    for (const c of this.all<CooldownEntry>("cooldowns")) state.cooldowns.set(c.key, c);
    for (const d of this.all<Dismissal>("dismissed")) state.dismissed.set(d.fingerprint, d);
    return { state, groups: this.all<StoredGroup>("groups") };
  }

  /** Writes what changed, the effects decided, and their log, all or nothing. */
  save(state: RouterState, outcome: Outcome, intents: readonly Intent[], nowMs: number): void {
    const { dirty } = state;
    const idle =
      intents.length + outcome.log.length === 0 &&
      Object.values(dirty).every((set: Set<string>) => set.size === 0);
    if (idle) return;
    this.storage.transactionSync(() => {
      this.sync("alerts", dirty.alerts, state.alerts);
      this.sync("sources", dirty.sources, state.sources);
      this.sync("told", dirty.told, state.told);
      this.sync("silences", dirty.silences, state.silences);
      this.sync("windows", dirty.windows, state.windows);
      this.sync("flaps", dirty.flaps, state.flaps);
      this.sync("cooldowns", dirty.cooldowns, state.cooldowns);
      this.sync("dismissed", dirty.dismissed, state.dismissed);
      this.sync("groups", dirty.groups, state.groups, storedGroup);
      for (const intent of intents)
        this.storage.sql.exec(
          "INSERT INTO intents (lane, created_at_ms, data) VALUES (?, ?, ?)",
          laneOf(intent),
          nowMs,
          JSON.stringify(intent),
        );
      for (const entry of outcome.log)
        this.storage.sql.exec("INSERT INTO log (data) VALUES (?)", JSON.stringify(entry));
      if (outcome.log.length > 0) this.trimLog();
    });
    for (const set of Object.values(dirty)) (set as Set<string>).clear();
  }

  setting(name: string): string | undefined {
    return this.storage.sql
      .exec<{ data: string }>("SELECT data FROM settings WHERE id = ?", name)
      .toArray()[0]?.data;
  }

  putSetting(name: string, data: string): void {
    this.put("settings", name, data);
  }

  /** The configuration with its templates, which stay for as long as a message that was decided calls them. */
  putConfig(configJson: string, templatesJson: string | undefined): void {
    this.storage.transactionSync(() => {
      this.putSetting("config", configJson);
      if (templatesJson !== undefined) {
        const { hash } = JSON.parse(templatesJson) as TemplateBundle; // as alerting/sealed-config made it
        this.putSetting(`${TEMPLATES}${hash}`, templatesJson);
      }
      this.storage.sql.exec(
        `DELETE FROM settings WHERE id LIKE '${TEMPLATES}%' AND instr(?, substr(id, ${TEMPLATES.length + 1})) = 0
         AND NOT EXISTS (SELECT 1 FROM intents WHERE instr(data, substr(settings.id, ${TEMPLATES.length + 1})) > 0)`,
        configJson,
      );
    });
  }

  templates(hash: string | undefined): string | undefined {
    return hash === undefined ? undefined : this.setting(`${TEMPLATES}${hash}`);
  }

  /** The newest decisions, as many as an answer may hold. */
  log(limit: number): NotificationLogEntry[] {
    const out: NotificationLogEntry[] = [];
    let chars = 0;
    const rows = this.storage.sql.exec<{ data: string }>(
      "SELECT data FROM log ORDER BY seq DESC LIMIT ?",
      limit,
    );
    for (const { data } of rows) {
      chars += data.length;
      if (chars > LOG_CHARS) break;
      out.push(JSON.parse(data) as NotificationLogEntry);
    }
    return out;
  }

  /** Lanes that have something to hand over. What belongs to one integration keeps its order. */
  lanes(): string[] {
    return this.storage.sql
      .exec<{ lane: string }>("SELECT DISTINCT lane FROM intents")
      .toArray()
      .map((r) => r.lane);
  }

  firstIntent(lane: string): StoredIntent | undefined {
    const row = this.storage.sql
      .exec<{ seq: number; created_at_ms: number; data: string }>(
        "SELECT seq, created_at_ms, data FROM intents WHERE lane = ? ORDER BY seq LIMIT 1",
        lane,
      )
      .toArray()[0];
    if (row === undefined) return undefined;
    return {
      seq: row.seq,
      createdAtMs: row.created_at_ms,
      intent: JSON.parse(row.data) as Intent,
    };
  }

  deleteIntent(seq: number): void {
    this.storage.sql.exec("DELETE FROM intents WHERE seq = ?", seq);
  }

  private all<T>(table: Table): T[] {
    return this.storage.sql
      .exec<{ data: string }>(`SELECT data FROM ${table}`)
      .toArray()
      .map((r) => JSON.parse(r.data) as T);
  }

  private sync<T>(
    table: Table,
    keys: ReadonlySet<string>,
    records: ReadonlyMap<string, T>,
    form: (record: T) => unknown = (r) => r,
  ): void {
    for (const key of keys) {
      const record = records.get(key);
      if (record === undefined) this.storage.sql.exec(`DELETE FROM ${table} WHERE id = ?`, key);
      else this.put(table, key, JSON.stringify(form(record)));
    }
  }

  private put(table: Table, id: string, data: string): void {
    this.storage.sql.exec(
      `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data`,
      id,
      data,
    );
  }

  private trimLog(): void {
    const { newest, rows } = this.storage.sql
      .exec<{ newest: number; rows: number }>(
        "SELECT coalesce(max(seq), 0) AS newest, coalesce(max(seq) - min(seq) + 1, 0) AS rows FROM log",
      )
      .one();
    if (rows > LOG_ROWS + LOG_SLACK)
      this.storage.sql.exec("DELETE FROM log WHERE seq <= ?", newest - LOG_ROWS);
  }
}

function storedGroup(g: Group): StoredGroup {
  return { id: g.id, anchorMs: g.anchorMs, held: g.held };
}

function laneOf(intent: Intent): string {
  switch (intent.kind) {
    case "notify":
      return intent.integration.id;
    case "incident":
    case "hold":
      return intent.integrationId;
    case "history":
      return "history";
  }
}
