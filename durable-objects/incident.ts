import { DurableObject } from "cloudflare:workers";
import type { IncidentAlerts, IncidentRpc } from "../src/core/objects";
import type { Env } from "../src/env";
import { decideEscalation } from "../src/incidents/escalation";
import { applyAlerts, applyCommand, entry, extend, openIncident } from "../src/incidents/lifecycle";
import { type Command, type Incident as IncidentState, SYSTEM } from "../src/incidents/model";
import { pageMessage } from "../src/incidents/page";
import { liveIncident } from "../src/incidents/live";
import type { EscalationStep } from "../src/incidents/policy";
import { loadEscalation, sendToReceiver } from "../src/incidents/receivers";
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
];

/** D1's row is tried again after this; the escalation never waits for it. */
const SYNC_RETRY_MS = 30_000;
/** A step whose receivers could not be reached at all is tried again after this. */
const PAGE_RETRY_MS = 10_000;

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
    const before = this.load();
    if (before === undefined) {
      const policies = await loadEscalation(
        this.configs(),
        this.env.LOCAL === "1",
        change.receiver,
      );
      const opened = openIncident(change, policies, Date.now());
      await this.objects()
        .registerTicking("Incident", change.incidentId)
        .catch((e: unknown) => this.warn("registering", e));
      await this.store(opened);
      await this.escalate();
      return;
    }
    const { incident, outcome } = applyAlerts(before, change, Date.now());
    if (outcome === "unchanged" || outcome === "already_resolved") return;
    await this.store(incident);
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
    try {
      this.ctx.storage.sql.exec("UPDATE incident SET last_tick_ms = ?", Date.now());
      const due = this.timers.due(Date.now());
      if (due.includes("escalate")) await this.escalate();
      if (due.includes("sync")) await this.sync();
    } catch (e) {
      // An alarm that throws six times is gone for good: record, and look again soon.
      this.warn("alarm", e);
      await this.timers.set("escalate", Date.now() + PAGE_RETRY_MS);
    }
    await this.timers.arm();
  }

  private async escalate(): Promise<void> {
    const incident = this.load();
    if (incident === undefined) return;
    const decision = decideEscalation(incident, Date.now());
    switch (decision.do) {
      case "notify": {
        // Stored first: an alarm that runs twice must not page twice. The message id makes the send itself idempotent.
        await this.store(decision.incident);
        await this.page(
          decision.step,
          `${incident.id}/escalation/${decision.round}/${decision.stepNumber}`,
          decision.incident,
        );
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

  private async page(step: EscalationStep, id: string, incident: IncidentState): Promise<void> {
    const failures: string[] = [];
    for (const name of step.receivers) {
      try {
        const ports = {
          configs: this.configs(),
          objects: this.objects(),
          local: this.env.LOCAL === "1",
        };
        const done = await sendToReceiver(ports, name, (i) =>
          pageMessage(incident, {
            id: `${id}/${i.id}`,
            receiver: name,
            integration: i.id,
            externalUrl: this.env.EXTERNAL_URL ?? "",
          }),
        );
        if ("reason" in done) failures.push(`${name}: ${done.reason}`);
      } catch (e) {
        failures.push(`${name}: ${e instanceof Error ? e.message : String(e)}`);
      }
    }
    if (failures.length === 0) return;
    const current = this.load() ?? incident;
    await this.store({
      ...current,
      timeline: extend(current.timeline, [
        entry(Date.now(), SYSTEM, "escalation_failed", failures.join("; ")),
      ]),
    });
  }

  /** Writes the state, then lets D1, the timers and whoever watches follow. */
  private async store(incident: IncidentState): Promise<void> {
    this.ctx.storage.sql.exec(
      "INSERT INTO incident (one, body) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET body = excluded.body",
      JSON.stringify(incident),
    );
    const due = incident.status === "open" ? incident.escalation.dueAtMs : undefined;
    if (due === undefined) await this.timers.clear("escalate");
    else await this.timers.set("escalate", due);
    this.ctx.waitUntil(this.sync());
    this.ctx.waitUntil(this.publish(incident));
  }

  private async sync(): Promise<void> {
    const incident = this.load();
    if (incident === undefined) return;
    try {
      await makeIncidentStore(this.env.DB, this.projectId).put(incident);
      if (incident.status === "resolved")
        await this.objects().unregisterTicking("Incident", incident.id);
      await this.timers.clear("sync");
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

  private configs() {
    return makeConfigStore(this.env.DB, this.projectId, Date.now);
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
