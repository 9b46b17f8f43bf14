import type { RuleGroupSpec } from "../src/rules/model";
import { type Progress, packProgress, unpackProgress } from "../src/rules/progress";
import { type ObjectMigration, migrateObject } from "./migrate";

export const RULE_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_rule_group",
    sql: `CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE progress (rule TEXT NOT NULL, piece INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (rule, piece)) WITHOUT ROWID;`,
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

/** A row takes at most 2 MB; a rule with thousands of alerts takes several. */
const PIECE_CHARS = 400_000;

/** A rule group on disk: its specification, and of each rule one packed row, written only where its course changed. */
export class RuleStorage {
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
    return new Map([...texts].map(([rule, text]) => [rule, unpackProgress(text)]));
  }

  configure(spec: RuleGroupSpec, removed: readonly string[]): void {
    this.storage.transactionSync(() => {
      this.putSetting("spec", JSON.stringify(spec));
      for (const rule of removed)
        this.storage.sql.exec("DELETE FROM progress WHERE rule = ?", rule);
    });
  }

  putMemory(memory: GroupMemory): void {
    this.putSetting("memory", JSON.stringify(memory));
  }

  /** Forgets the group. */
  clear(): void {
    this.storage.transactionSync(() => {
      this.storage.sql.exec("DELETE FROM settings");
      this.storage.sql.exec("DELETE FROM progress");
    });
  }

  /** All or nothing. */
  save(changed: ReadonlyMap<string, Progress>): void {
    if (changed.size === 0) return;
    this.storage.transactionSync(() => {
      for (const [rule, progress] of changed) this.putProgress(rule, packProgress(progress));
    });
  }

  private putProgress(rule: string, text: string): void {
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
