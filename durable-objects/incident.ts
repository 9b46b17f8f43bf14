import { DurableObject } from "cloudflare:workers";
import type { IncidentAlerts, IncidentRpc } from "../src/core/objects";
import type { Env } from "../src/env";
import { decideEscalation } from "../src/incidents/escalation";
import {
  applyAlerts,
  applyCommand,
  entry,
  extend,
  followPolicy,
  holdEscalation,
  openIncident,
} from "../src/incidents/lifecycle";
import { type Command, type Incident as IncidentState, SYSTEM } from "../src/incidents/model";
import { pageMessage } from "../src/incidents/page";
import { liveIncident } from "../src/incidents/live";
import {
  type SendingPorts,
  defaultFor,
  loadEscalation,
  sendToReceiver,
} from "../src/incidents/receivers";
import { makeConfigStore } from "../src/storage/config-store";
import { makeIncidentStore } from "../src/storage/incident-store";
import { makeObjects, parseObjectName } from "../src/storage/objects";
import { type ObjectMigration, migrateObject } from "./migrate";
import { Timers } from "./timers";

const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_incident",
    sql: "CREATE TABLE incident (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, last_tick_ms INTEGER NOT NULL DEFAULT 0)",
  },
  {
    id: "002_pages",
    sql: "CREATE TABLE pages (id TEXT PRIMARY KEY, receivers TEXT NOT NULL, begun_ms INTEGER NOT NULL, told INTEGER NOT NULL) WITHOUT ROWID",
  },
];

/** D1's row is tried again after this; the escalation never waits for it. */
const SYNC_RETRY_MS = 30_000;
/** What could not be reached, a receiver or the policy, is tried again after this. */
const RETRY_MS = 10_000;
/** A page that nobody could be found for is dropped after this. */
const PAGE_AGE_MS = 24 * 3_600_000;

/** A step that was taken: who of it has not been handed the message yet. */
interface Page {
  readonly id: string;
  readonly receivers: readonly string[];
  readonly begunMs: number;
  /** The timeline says that somebody could not be reached. */
  readonly told: boolean;
}

/**
 * One incident: its state, its timeline and the escalation as its alarm. Decisions are
 * src/incidents; this stores them before their effect and sends through Receiver objects.
 */
export class Incident extends DurableObject<Env> implements IncidentRpc {
  private readonly timers: Timers;
  private readonly projectId: string;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.projectId = parseObjectName(ctx.id.name).projectId;
    migrateObject(ctx.storage, MIGRATIONS);
    this.timers = new Timers(ctx.storage);
  }

  async alertsChanged(change: IncidentAlerts): Promise<void> {
    if (this.load() === undefined) {
      // Its opening was lost and everything is over: there is nothing to open for.
      if (change.alerts.every((a) => a.status === "resolved")) return;
      await this.open(change);
      return;
    }
    await this.join(change);
  }

  /** Opens whatever D1 can tell: who is to be paged must not wait for it. */
  private async open(change: IncidentAlerts): Promise<void> {
    let known = true;
    const policies = await loadEscalation(this.ports(), change.receiver).catch((e: unknown) => {
      this.warn("reading the escalation policy", e);
      known = false;
      return defaultFor(this.ports(), change.receiver);
    });
    // The caller may have called twice while that was read.
    if (this.load() !== undefined) return this.join(change);
    const waits = [
      this.store(openIncident(change, policies, Date.now())),
      ...(known ? [] : [this.timers.set("policy", Date.now() + RETRY_MS)]),
    ];
    await Promise.all(waits);
    await this.escalate();
  }

  private async join(change: IncidentAlerts): Promise<void> {
    const before = this.load();
    if (before === undefined) return;
    const { incident, outcome } = applyAlerts(before, change, Date.now());
    if (outcome === "unchanged" || outcome === "already_resolved") return;
    await this.store(incident);
  }

  async hold(windows: readonly string[]): Promise<void> {
    const before = this.load();
    if (before === undefined) return;
    const incident = holdEscalation(before, windows, Date.now());
    if (incident !== before) await this.store(incident);
  }

  async get(): Promise<string | null> {
    const incident = this.load();
    return incident === undefined ? null : JSON.stringify(incident);
  }

  async command(commandJson: string, actor: string): Promise<string> {
    const incident = this.load();
    if (incident === undefined)
      return JSON.stringify({ ok: false, error: { reason: "not_open_yet" } });
    // The route validated the shape (src/http/incidents).
    const done = applyCommand(incident, JSON.parse(commandJson) as Command, actor, Date.now());
    if (done.ok) await this.store(done.value);
    return JSON.stringify(done);
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    const row = this.ctx.storage.sql
      .exec<{ last_tick_ms: number }>("SELECT last_tick_ms FROM incident")
      .toArray()[0];
    return { lastTickMs: row?.last_tick_ms ?? 0, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    const due = this.timers.due(Date.now());
    try {
      this.ctx.storage.sql.exec("UPDATE incident SET last_tick_ms = ?", Date.now());
      if (due.includes("policy")) await this.readPolicy();
      if (due.includes("escalate")) await this.escalate();
      if (due.includes("page")) await this.sendPages();
      if (due.includes("sync")) await this.sync();
    } catch (e) {
      // An alarm that throws six times is gone for good: record, and look again soon.
      this.warn("alarm", e);
      for (const name of due) await this.timers.set(name, Date.now() + RETRY_MS);
    }
    await this.timers.arm();
  }

  private async escalate(): Promise<void> {
    const incident = this.load();
    if (incident === undefined) return;
    const decision = decideEscalation(incident, Date.now());
    switch (decision.do) {
      case "notify": {
        // The step and its page in one turn: an alarm that runs twice takes no step twice, and one that dies drops none.
        const { step, round, stepNumber, incident: next } = decision;
        this.putPage({
          id: `${incident.id}/escalation/${round}/${stepNumber}`,
          receivers: step.receivers,
          begunMs: Date.now(),
          told: false,
        });
        await Promise.all([this.timers.set("page", Date.now() + RETRY_MS), this.store(next)]);
        await this.sendPages();
        return;
      }
      case "wait":
        await this.timers.set("escalate", decision.untilMs);
        return;
      case "nothing":
        await this.timers.clear("escalate");
        return;
    }
  }

  /** Reads the policy that could not be read when the incident was opened. */
  private async readPolicy(): Promise<void> {
    const incident = this.load();
    if (incident === undefined || incident.status !== "open") return this.timers.clear("policy");
    try {
      const policies = await loadEscalation(this.ports(), incident.receiver);
      const current = this.load() ?? incident;
      await Promise.all([this.timers.clear("policy"), this.store(followPolicy(current, policies))]);
      await this.escalate();
    } catch (e) {
      this.warn("reading the escalation policy", e);
      await this.timers.set("policy", Date.now() + RETRY_MS);
    }
  }

  /** Hands every page that waits to its receivers; those who could not be reached are tried again. */
  private async sendPages(): Promise<void> {
    for (const page of this.pages()) {
      const incident = this.load();
      // Somebody has it in hand: no need to page any more.
      if (incident?.status !== "open") break;
      await this.send(page, incident);
    }
    if (this.load()?.status !== "open") this.ctx.storage.sql.exec("DELETE FROM pages");
    if (this.pages().length === 0) await this.timers.clear("page");
    else await this.timers.set("page", Date.now() + RETRY_MS);
  }

  private async send(page: Page, incident: IncidentState): Promise<void> {
    const failures: string[] = [];
    const again: string[] = [];
    for (const name of page.receivers) {
      try {
        // The message's id makes the send itself idempotent.
        const done = await sendToReceiver(this.objects(), name, (i) =>
          pageMessage(incident, {
            id: `${page.id}/${i.id}`,
            receiver: name,
            integration: i.id,
            externalUrl: this.env.EXTERNAL_URL ?? "",
          }),
        );
        if ("reason" in done) failures.push(`${name}: ${done.reason}`);
      } catch (e) {
        again.push(name);
        if (!page.told) failures.push(`${name}: ${e instanceof Error ? e.message : String(e)}`);
      }
    }
    if (again.length === 0 || Date.now() - page.begunMs > PAGE_AGE_MS)
      this.ctx.storage.sql.exec("DELETE FROM pages WHERE id = ?", page.id);
    else this.putPage({ ...page, receivers: again, told: true });
    if (failures.length === 0) return;
    const current = this.load() ?? incident;
    await this.store({
      ...current,
      timeline: extend(current.timeline, [
        entry(Date.now(), SYSTEM, "escalation_failed", failures.join("; ")),
      ]),
    });
  }

  private putPage(p: Page): void {
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)",
      p.id,
      JSON.stringify(p.receivers),
      p.begunMs,
      p.told ? 1 : 0,
    );
  }

  private pages(): Page[] {
    return this.ctx.storage.sql
      .exec<{ id: string; receivers: string; begun_ms: number; told: number }>(
        "SELECT id, receivers, begun_ms, told FROM pages ORDER BY begun_ms",
      )
      .toArray()
      .map((r) => ({
        id: r.id,
        receivers: JSON.parse(r.receivers) as string[], // as putPage() wrote them
        begunMs: r.begun_ms,
        told: r.told === 1,
      }));
  }

  /** Writes the state, then lets D1, the timers and whoever watches follow. */
  private async store(incident: IncidentState): Promise<void> {
    this.ctx.storage.sql.exec(
      "INSERT INTO incident (one, body) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET body = excluded.body",
      JSON.stringify(incident),
    );
    const { dueAtMs, held } = incident.escalation;
    const due = incident.status === "open" && held === undefined ? dueAtMs : undefined;
    await Promise.all([
      due === undefined ? this.timers.clear("escalate") : this.timers.set("escalate", due),
      // Should this object die before D1 has the row, the alarm brings it back to it.
      this.timers.set("sync", Date.now() + SYNC_RETRY_MS),
    ]);
    this.ctx.waitUntil(this.sync());
    this.ctx.waitUntil(this.publish(incident));
  }

  private async sync(): Promise<void> {
    const incident = this.load();
    if (incident === undefined) return;
    try {
      await makeIncidentStore(this.env.DB, this.projectId).put(incident);
      if (this.load()?.status === "resolved")
        await this.objects().unregisterTicking("Incident", incident.id);
      else await this.objects().registerTicking("Incident", incident.id);
      // What changed meanwhile has its own write under way.
      if (JSON.stringify(this.load()) === JSON.stringify(incident)) await this.timers.clear("sync");
    } catch (e) {
      this.warn("writing the row in D1", e);
      await this.timers.set("sync", Date.now() + SYNC_RETRY_MS);
    }
  }

  private async publish(incident: IncidentState): Promise<void> {
    try {
      await this.objects()
        .liveHub()
        .publish([{ type: "incident", incident: liveIncident(incident) }]);
    } catch (e) {
      this.warn("publishing", e);
    }
  }

  private load(): IncidentState | undefined {
    const row = this.ctx.storage.sql
      .exec<{ body: string }>("SELECT body FROM incident")
      .toArray()[0];
    // Written by store() alone.
    return row === undefined ? undefined : (JSON.parse(row.body) as IncidentState);
  }

  private ports(): SendingPorts {
    return {
      configs: makeConfigStore(this.env.DB, this.projectId, Date.now),
      objects: this.objects(),
    };
  }

  private objects() {
    return makeObjects(this.env, this.projectId, Date.now);
  }

  private warn(what: string, e: unknown): void {
    console.warn(
      `incident ${this.ctx.id.name}: ${what}: ${e instanceof Error ? e.message : String(e)}`,
    );
  }
}
