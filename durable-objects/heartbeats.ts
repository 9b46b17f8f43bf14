import { DurableObject } from "cloudflare:workers";
import { compose } from "../src/compose";
import type { Objects } from "../src/core/object-stubs";
import type { HeartbeatsRpc } from "../src/core/objects";
import type { Env } from "../src/env";
import {
  aged,
  dueAt,
  firingSetOf,
  newHeartbeat,
  pinged,
  respecify,
} from "../src/heartbeats/heartbeat";
import { MAX_HEARTBEATS } from "../src/heartbeats/input";
import type { Heartbeat, HeartbeatSpec, Ping } from "../src/heartbeats/model";
import { heartbeatView } from "../src/heartbeats/view";
import type { Deps } from "../src/http/deps";
import { parseObjectName } from "../src/storage/objects";
import { type ObjectMigration, migrateObject } from "./migrate";
import { Timers } from "./timers";

const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_heartbeats",
    sql: `CREATE TABLE heartbeats (name TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;`,
  },
];

/** An alert that stands is told again so often. */
const REPEAT_MS = 60_000;
const RETRY_FIRST_MS = 1_000;
/** Generations of one life of the object. */
const LIFE = 1_000_000_000;

/**
 * A project's heartbeats. A ping is stored before it is answered; what its absence means is decided
 * on the alarm and handed to the router, repeated while it lasts. It never fetches outside.
 */
export class Heartbeats extends DurableObject<Env> implements HeartbeatsRpc {
  private readonly timers: Timers;
  private readonly deps: Deps;
  private readonly objects: Objects;
  private readonly all = new Map<string, Heartbeat>();
  private byKey = new Map<string, string>();
  private generation: number | undefined;
  private telling = false;
  private failures = 0;
  private lastTickMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    this.timers = new Timers(ctx.storage);
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    this.objects = this.deps.objects(parseObjectName(ctx.id.name).projectId);
    const rows = ctx.storage.sql.exec<{ data: string }>("SELECT data FROM heartbeats").toArray();
    for (const row of rows) {
      const h = JSON.parse(row.data) as Heartbeat; // as store() wrote it
      this.all.set(h.spec.name, h);
      this.byKey.set(h.keyId, h.spec.name);
    }
  }

  async put(specJson: string): Promise<string> {
    const spec = JSON.parse(specJson) as HeartbeatSpec; // checked by the route
    const known = this.known(spec.name) !== undefined;
    if (!known && this.size() >= MAX_HEARTBEATS)
      return JSON.stringify({ ok: false, error: { reason: "too_many", limit: MAX_HEARTBEATS } });
    const made = this.specified(spec);
    this.store([made]);
    await this.settle();
    return JSON.stringify({ ok: true, value: { keyId: made.keyId, created: !known } });
  }

  async replace(specsJson: string): Promise<string> {
    const specs = JSON.parse(specsJson) as readonly HeartbeatSpec[]; // checked by the route
    const names = new Set(specs.map((s) => s.name));
    const gone = this.live().filter((h) => h.spec.origin === "config" && !names.has(h.spec.name));
    const stays = this.live().filter((h) => !names.has(h.spec.name)).length - gone.length;
    if (stays + specs.length > MAX_HEARTBEATS)
      return JSON.stringify({ ok: false, error: { reason: "too_many", limit: MAX_HEARTBEATS } });
    this.store([...specs.map((s) => this.specified(s)), ...gone.map(leaving)]);
    await this.settle();
    return JSON.stringify({ ok: true, value: { heartbeats: specs.length, removed: gone.length } });
  }

  async remove(name: string): Promise<boolean> {
    const h = this.known(name);
    if (h === undefined) return false;
    this.store([leaving(h)]);
    await this.settle();
    return true;
  }

  async rotateKey(name: string): Promise<string | null> {
    const h = this.known(name);
    if (h === undefined) return null;
    const made = { ...h, keyId: this.newKeyId() };
    this.byKey.delete(h.keyId);
    this.store([made]);
    return made.keyId;
  }

  async list(): Promise<string> {
    const now = this.deps.clock();
    return JSON.stringify(
      this.live()
        .toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
        .map((h) => ({ keyId: h.keyId, view: heartbeatView(h, now) })),
    );
  }

  async ping(keyId: string, pingJson: string): Promise<boolean> {
    const name = this.byKey.get(keyId);
    const h = name === undefined ? undefined : this.known(name);
    if (h === undefined || h.keyId !== keyId) return false;
    const ping = JSON.parse(pingJson) as Omit<Ping, "atMs">; // of our own route
    const before = dueAt(h);
    const next = pinged(h, { ...ping, atMs: this.deps.clock() });
    this.store([next]);
    // A deadline that moves later costs no row: the timer finds out when it rings.
    const due = dueAt(next);
    const sooner = due !== undefined && (before === undefined || due < before);
    if (next.untold || sooner) await this.settle();
    return true;
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    this.lastTickMs = this.deps.clock();
    try {
      await this.settle();
    } catch (e) {
      console.error("heartbeats: a tick failed", e);
      await this.timers.set("repair", this.deps.clock() + REPEAT_MS);
      return;
    }
    await this.timers.clear("repair");
  }

  /** Lets time have its say, tells the router, and arms what comes next. */
  private async settle(): Promise<void> {
    const now = this.deps.clock();
    const changed = this.live().flatMap((h) => {
      const next = aged(h, now);
      return next === h ? [] : [next];
    });
    this.store(changed);
    // In the same turn as the rows: should this object die now, the alarm brings it back.
    await this.arm(now);
    this.register();
    this.ctx.waitUntil(this.tell());
  }

  private async arm(now: number): Promise<void> {
    let due: number | undefined;
    for (const h of this.live()) {
      const at = dueAt(h);
      if (at !== undefined && (due === undefined || at < due)) due = at;
    }
    const standing = [...this.all.values()].some((h) => h.missing !== undefined || h.untold);
    await Promise.all([
      due === undefined ? this.timers.clear("due") : this.timers.set("due", due),
      standing ? this.timers.set("tell", now + REPEAT_MS) : this.timers.clear("tell"),
    ]);
  }

  /** Hands over what stands and what has changed. What the router did not take is told again soon. */
  private async tell(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    try {
      const router = this.objects.alertRouter();
      for (const h of this.all.values()) {
        const current = this.all.get(h.spec.name);
        if (current === undefined || !(current.untold || current.missing !== undefined)) continue;
        const { externalUrl } = this.deps.config;
        await router.receive(
          firingSetOf(current, this.nextGeneration(), this.deps.clock(), externalUrl ?? ""),
        );
        this.told(current);
      }
      this.failures = 0;
      this.telling = false;
      // A ping may have come while the router was told.
      if ([...this.all.values()].some((h) => h.untold)) await this.tell();
    } catch (e) {
      this.telling = false;
      console.warn("heartbeats: not handed over", e);
      const waitMs = Math.min(RETRY_FIRST_MS * 2 ** this.failures, REPEAT_MS);
      this.failures++;
      await this.timers.set("tell", this.deps.clock() + waitMs);
    }
  }

  private told(h: Heartbeat): void {
    if (!h.untold || this.all.get(h.spec.name) !== h) return;
    if (h.removed === true) {
      this.ctx.storage.sql.exec("DELETE FROM heartbeats WHERE name = ?", h.spec.name);
      this.all.delete(h.spec.name);
      this.byKey.delete(h.keyId);
    } else this.store([{ ...h, untold: false }]);
  }

  /** Grows from life to life by a row, and within one in memory, so that a clock set back makes no word stale. */
  private nextGeneration(): number {
    if (this.generation === undefined) {
      const life =
        Number(
          this.ctx.storage.sql
            .exec<{ data: string }>("SELECT data FROM settings WHERE id = 'life'")
            .toArray()[0]?.data ?? 0,
        ) + 1;
      this.ctx.storage.sql.exec("INSERT OR REPLACE INTO settings VALUES ('life', ?)", String(life));
      this.generation = life * LIFE;
    }
    return ++this.generation;
  }

  private specified(spec: HeartbeatSpec): Heartbeat {
    const now = this.deps.clock();
    const before = this.all.get(spec.name);
    // One that is leaving keeps its alert's name until the router has heard; its address is gone.
    if (before?.removed === true)
      return { ...newHeartbeat(spec, this.newKeyId(), now), untold: true };
    return before === undefined
      ? newHeartbeat(spec, this.newKeyId(), now)
      : respecify(before, spec, now);
  }

  private store(changed: readonly Heartbeat[]): void {
    if (changed.length === 0) return;
    this.ctx.storage.transactionSync(() => {
      for (const h of changed)
        this.ctx.storage.sql.exec(
          "INSERT INTO heartbeats VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data = excluded.data",
          h.spec.name,
          JSON.stringify(h),
        );
    });
    for (const h of changed) {
      this.all.set(h.spec.name, h);
      this.byKey.set(h.keyId, h.spec.name);
    }
  }

  private known(name: string): Heartbeat | undefined {
    const h = this.all.get(name);
    return h?.removed === true ? undefined : h;
  }

  private live(): Heartbeat[] {
    return [...this.all.values()].filter((h) => h.removed !== true);
  }

  private size(): number {
    return this.live().length;
  }

  private newKeyId(): string {
    return this.deps.newId().replaceAll("-", "").slice(0, 20);
  }

  /** The cron's list has it from the first heartbeat on, whenever D1 can take it. */
  private register(): void {
    const listed = this.ctx.storage.sql
      .exec("SELECT 1 FROM settings WHERE id = 'listed'")
      .toArray();
    if (listed.length > 0 || this.all.size === 0) return;
    this.ctx.waitUntil(
      this.objects
        .registerTicking("Heartbeats", "heartbeats")
        .then(() =>
          this.ctx.storage.sql.exec("INSERT OR REPLACE INTO settings VALUES ('listed', '1')"),
        )
        .catch((e: unknown) => console.warn("heartbeats: not listed", e)),
    );
  }
}

function leaving(h: Heartbeat): Heartbeat {
  return { ...h, removed: true, untold: true };
}
