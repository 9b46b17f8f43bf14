import type { RuleGroupSpec } from "../src/rules/model";
import {
  type Progress,
  type SavedProgress,
  packProgress,
  unpackProgress,
} from "../src/rules/progress";
import { type ObjectMigration, migrateObject } from "./migrate";

export const RULE_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_rule_group",
    sql: `CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE progress (rule TEXT NOT NULL, piece INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (rule, piece)) WITHOUT ROWID;`,
  },
  {
    id: "002_alert_buckets",
    sql: `CREATE TABLE alerts (rule TEXT NOT NULL, bucket INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (rule, bucket)) WITHOUT ROWID;`,
  },
];

/** What a group remembers beside its rules. */
export interface GroupMemory {
  /** Times of the grid that went by unevaluated. */
  readonly missed: number;
  /** The router was last told that nothing fires and nothing has resolved of late. */
  readonly toldEmpty: boolean;
}

const NO_MEMORY: GroupMemory = { missed: 0, toldEmpty: true };

/** A row takes at most 2 MB; a rule with thousands of series takes several. */
const PIECE_CHARS = 400_000;

/** A rule group on disk: its specification, and of each rule how far it is, of which only what changed is written. */
export class RuleStorage {
  /** By rule, what is on disk. */
  private readonly saved = new Map<string, SavedProgress>();

  constructor(private readonly storage: DurableObjectStorage) {
    migrateObject(storage, RULE_MIGRATIONS);
  }

  spec(): RuleGroupSpec | undefined {
    const text = this.setting("spec");
    return text === undefined ? undefined : (JSON.parse(text) as RuleGroupSpec); // as configure() stored it
  }

  memory(): GroupMemory {
    const text = this.setting("memory");
    return text === undefined ? NO_MEMORY : (JSON.parse(text) as GroupMemory); // as putMemory() stored it
  }

  progress(): Map<string, Progress> {
    const texts = new Map<string, string>();
    for (const row of this.storage.sql.exec<{ rule: string; data: string }>(
      "SELECT rule, data FROM progress ORDER BY rule, piece",
    ))
      texts.set(row.rule, (texts.get(row.rule) ?? "") + row.data);
    const buckets = new Map<string, string[]>();
    for (const row of this.storage.sql.exec<{ rule: string; data: string }>(
      "SELECT rule, data FROM alerts",
    )) {
      const list = buckets.get(row.rule);
      if (list === undefined) buckets.set(row.rule, [row.data]);
      else list.push(row.data);
    }
    const out = new Map<string, Progress>();
    for (const [rule, course] of texts) {
      const saved = unpackProgress(course, buckets.get(rule) ?? []);
      this.saved.set(rule, saved);
      out.set(rule, saved.progress);
    }
    return out;
  }

  configure(spec: RuleGroupSpec, removed: readonly string[]): void {
    this.storage.transactionSync(() => {
      this.putSetting("spec", JSON.stringify(spec));
      for (const rule of removed) {
        this.storage.sql.exec("DELETE FROM progress WHERE rule = ?", rule);
        this.storage.sql.exec("DELETE FROM alerts WHERE rule = ?", rule);
      }
    });
    for (const rule of removed) this.saved.delete(rule);
  }

  putMemory(memory: GroupMemory): void {
    this.putSetting("memory", JSON.stringify(memory));
  }

  /** Forgets the group. */
  clear(): void {
    this.storage.transactionSync(() => {
      this.storage.sql.exec("DELETE FROM settings");
      this.storage.sql.exec("DELETE FROM progress");
      this.storage.sql.exec("DELETE FROM alerts");
    });
    this.saved.clear();
  }

  /** All or nothing. */
  save(changed: ReadonlyMap<string, Progress>): void {
    if (changed.size === 0) return;
    const saves = new Map<string, SavedProgress>();
    this.storage.transactionSync(() => {
      for (const [rule, progress] of changed) {
        const saved = this.saved.get(rule);
        const packed = packProgress(progress, saved);
        const { course, bucketCount } = packed;
        saves.set(rule, { progress, course, bucketCount });
        if (packed.courseChanged) this.putCourse(rule, course);
        for (const [bucket, data] of packed.buckets)
          this.storage.sql.exec(
            "INSERT INTO alerts VALUES (?, ?, ?) ON CONFLICT (rule, bucket) DO UPDATE SET data = excluded.data",
            rule,
            bucket,
            data,
          );
        if (saved !== undefined && saved.bucketCount > packed.bucketCount)
          this.storage.sql.exec(
            "DELETE FROM alerts WHERE rule = ? AND bucket >= ?",
            rule,
            packed.bucketCount,
          );
      }
    });
    for (const [rule, s] of saves) this.saved.set(rule, s);
  }

  private putCourse(rule: string, text: string): void {
    const pieces = Math.ceil(text.length / PIECE_CHARS);
    for (let i = 0; i < pieces; i++)
      this.storage.sql.exec(
        "INSERT INTO progress VALUES (?, ?, ?) ON CONFLICT (rule, piece) DO UPDATE SET data = excluded.data",
        rule,
        i,
        text.slice(i * PIECE_CHARS, (i + 1) * PIECE_CHARS),
      );
    this.storage.sql.exec("DELETE FROM progress WHERE rule = ? AND piece >= ?", rule, pieces);
  }

  private setting(id: string): string | undefined {
    return this.storage.sql
      .exec<{ data: string }>("SELECT data FROM settings WHERE id = ?", id)
      .toArray()[0]?.data;
  }

  private putSetting(id: string, data: string): void {
    this.storage.sql.exec(
      "INSERT INTO settings VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
      id,
      data,
    );
  }
}
