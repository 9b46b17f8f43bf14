import { DurableObject } from "cloudflare:workers";
import { type StoredIntegration, sealIntegration } from "../src/alerting/sealed-config";
import type { NotificationData } from "../src/alerting/notification-data";
import { compose } from "../src/compose";
import type { OutgoingNotification, ReceiverRpc } from "../src/core/objects";
import type { Sealer } from "../src/core/seal";
import type { TemplateSet } from "../src/core/template/set";
import { alertmanagerTemplates } from "../src/notify/default-templates";
import type { Env } from "../src/env";
import type { Deps } from "../src/http/deps";
import type { Attempt } from "../src/notify/history";
import { nextToSend, nextWake, supersededBy } from "../src/notify/outbox";
import { type AttemptVerdict, MAX_AGE_MS, judgeAttempt } from "../src/notify/retry";
import { parseObjectName } from "../src/storage/objects";
import { ReceiverHistory } from "./receiver-history";
import { ATTEMPT_TIMEOUT_MS, sendMessage } from "./receiver-send";
import { type OutboxRow, ReceiverStorage } from "./receiver-storage";
import { Timers } from "./timers";

/** A message on its way is tried again after this where the object died meanwhile. */
const LOST_MS = ATTEMPT_TIMEOUT_MS + 5_000;
/** Messages of different groups on their way at once. */
const PARALLEL = 4;
const REPAIR_MS = 60_000;

/**
 * One integration of one receiver: what it is given is stored before it answers, sent at once,
 * and tried again on its alarm. However it hangs, only its own messages wait.
 */
export class Receiver extends DurableObject<Env> implements ReceiverRpc {
  private readonly disk: ReceiverStorage;
  private readonly timers: Timers;
  private readonly history: ReceiverHistory;
  private readonly deps: Deps;
  /** Messages on their way, with their groups. */
  private readonly underWay = new Map<number, string>();
  private lastTickMs = 0;
  private readonly projectId: string;
  private readonly sealer: Sealer;
  /** The templates last used. */
  private parsed: { readonly hash: string; readonly set: TemplateSet } | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.disk = new ReceiverStorage(ctx.storage);
    this.timers = new Timers(ctx.storage);
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    const { projectId } = parseObjectName(ctx.id.name);
    this.projectId = projectId;
    this.sealer = this.deps.sealer(projectId);
    this.history = new ReceiverHistory(
      ctx.storage,
      this.timers,
      () => this.deps.notificationHistory(projectId),
      this.deps.clock,
    );
  }

  async enqueue(
    integrationJson: string,
    notification: OutgoingNotification,
    templatesJson?: string,
  ): Promise<void> {
    // One that an older router hands over is plain; it is not stored so.
    const integration = await sealIntegration(
      JSON.parse(integrationJson) as StoredIntegration, // as alerting/sealed-config made it
      this.sealer,
    );
    const now = this.deps.clock();
    const fresh = this.disk.transaction(() => {
      this.disk.forgetSeen(now);
      if (!this.disk.markSeen(notification.id, now)) return false;
      if (integration.type === "builtin") this.keep(notification, now);
      else {
        for (const old of supersededBy(
          notification,
          this.disk.queue(),
          new Set(this.underWay.keys()),
        )) {
          this.disk.drop(old.seq);
          this.log(old, now, { outcome: "superseded" });
        }
        if (templatesJson !== undefined) this.disk.keepTemplates(templatesJson);
        this.disk.enqueue(JSON.stringify(integration), notification, now, now);
      }
      return true;
    });
    if (fresh) this.tellHistory();
    if (!fresh || integration.type === "builtin") return;
    this.list();
    this.pump();
    // In the same turn as the row: should this object die now, the alarm brings it back to the message.
    await this.rest();
  }

  async deliveries(limit: number): Promise<string> {
    return JSON.stringify(this.disk.deliveries(limit));
  }

  async inbox(limit: number): Promise<string> {
    return JSON.stringify(this.disk.inbox(limit));
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    this.lastTickMs = this.deps.clock();
    if (this.history.isDue(this.lastTickMs)) this.tellHistory();
    try {
      this.pump();
      await this.rest();
    } catch (e) {
      console.error("receiver: a tick failed", e);
      await this.timers.set("send", this.deps.clock() + REPAIR_MS);
    }
  }

  /** The templates that a message's texts call, parsed once for each bundle. */
  private templatesOf({ integration }: OutboxRow): TemplateSet | undefined {
    const hash = "templates" in integration ? integration.templates : undefined;
    if (hash === undefined) return undefined;
    if (this.parsed?.hash !== hash) {
      const stored = this.disk.templates(hash);
      if (stored === undefined) return undefined;
      this.parsed = { hash, set: alertmanagerTemplates(stored.files) };
    }
    return this.parsed.set;
  }

  /** Starts every message whose turn it is. */
  private pump(): void {
    const room = PARALLEL - this.underWay.size;
    const due = nextToSend(
      this.disk.queue(),
      new Set(this.underWay.values()),
      this.holdUntilMs(),
      room,
      this.deps.clock(),
    );
    // queue() gives OutboxRows, of which nextToSend chooses.
    for (const message of due as readonly OutboxRow[]) {
      this.underWay.set(message.seq, message.notification.groupKey);
      this.ctx.waitUntil(this.send(message));
    }
  }

  private async send(message: OutboxRow): Promise<void> {
    try {
      const start = this.deps.clock();
      const sent = await sendMessage(
        this.deps,
        this.projectId,
        message.integration,
        message.notification,
        this.templatesOf(message),
      );
      if (sent.kind !== "tried") {
        const outcome = sent.kind === "cannot_be_sent" ? "rejected" : sent.kind;
        this.finish(message, start, { outcome }, null, sent.error);
        return;
      }
      const { result, response } = sent;
      const verdict = judgeAttempt(
        result,
        message.attempts + 1,
        message.enqueuedAtMs,
        this.deps.clock(),
        this.deps.random,
      );
      this.finish(
        message,
        start,
        verdict,
        result.kind === "no_response" ? null : result.status,
        result.kind === "taken" ? null : result.error,
        response,
      );
    } catch (e) {
      console.error("receiver: a message could not be handled", e);
      this.postpone(message, e);
    } finally {
      this.underWay.delete(message.seq);
      this.pump();
      await this.rest();
    }
  }

  /** A message that breaks its own rendering must not hold up its group for ever. */
  private postpone(message: OutboxRow, e: unknown): void {
    const now = this.deps.clock();
    const again = now - message.enqueuedAtMs > MAX_AGE_MS ? null : now + REPAIR_MS;
    this.finish(
      message,
      now,
      again === null
        ? { outcome: "gave_up" }
        : { outcome: "failed", nextAttemptMs: again, holdReceiver: false },
      null,
      `it could not be made: ${e instanceof Error ? e.message : String(e)}`,
    );
  }

  private finish(
    message: OutboxRow,
    startMs: number,
    verdict: AttemptVerdict | { readonly outcome: "url_refused" | "no_mail_provider" },
    statusCode: number | null,
    error: string | null,
    response: string | null = null,
  ): void {
    this.disk.transaction(() => {
      const again = verdict.outcome === "failed" ? verdict.nextAttemptMs : null;
      if (again === null) this.disk.drop(message.seq);
      else this.disk.retryAt(message.seq, message.attempts + 1, again);
      if (verdict.outcome === "failed" && verdict.holdReceiver)
        this.disk.putSetting("hold_until", String(verdict.nextAttemptMs));
      this.log(message, startMs, {
        outcome: verdict.outcome,
        attempt: message.attempts + 1,
        latencyMs: this.deps.clock() - startMs,
        statusCode,
        error,
        response,
        nextAttemptMs: again,
      });
    });
    this.tellHistory();
  }

  /** D1 is told beside the sending, which never waits for it. */
  private tellHistory(): void {
    this.ctx.waitUntil(this.history.follow());
  }

  private log(
    message: Pick<OutboxRow, "notification" | "attempts">,
    atMs: number,
    rest: Partial<Attempt> & Pick<Attempt, "outcome">,
  ): void {
    const n = message.notification;
    const attempt: Attempt = {
      attempt: message.attempts,
      atMs,
      latencyMs: 0,
      statusCode: null,
      error: null,
      response: null,
      nextAttemptMs: null,
      ...rest,
    };
    this.disk.addDelivery({
      notificationId: n.id,
      groupKey: n.groupKey,
      receiver: n.receiver,
      integration: n.integration,
      status: n.status,
      reason: n.reason,
      ...attempt,
    });
    this.history.note(n, attempt);
  }

  private keep(n: OutgoingNotification, now: number): void {
    this.disk.addInbox({
      id: n.id,
      receivedAtMs: now,
      receiver: n.receiver,
      groupKey: n.groupKey,
      status: n.status,
      reason: n.reason,
      data: JSON.parse(n.dataJson) as NotificationData,
    });
    this.log({ notification: n, attempts: 0 }, now, { outcome: "delivered", attempt: 1 });
  }

  /** Arms the alarm for what waits; a message on its way is looked for again only when it must be lost. */
  private async rest(): Promise<void> {
    const now = this.deps.clock();
    const waiting = this.disk.queue().filter((m) => !this.underWay.has(m.seq));
    const busy = new Set(this.underWay.values());
    // Without room an alarm could start nothing: whoever comes back looks again.
    const wake =
      this.underWay.size >= PARALLEL
        ? undefined
        : nextWake(
            waiting.filter((m) => !busy.has(m.notification.groupKey)),
            this.holdUntilMs(),
          );
    const lost = this.underWay.size > 0 ? now + LOST_MS : undefined;
    const times = [wake, lost].filter((t) => t !== undefined);
    if (times.length === 0) await this.timers.clear("send");
    else await this.timers.set("send", Math.max(Math.min(...times), now));
  }

  private holdUntilMs(): number {
    return Number(this.disk.setting("hold_until") ?? 0);
  }

  private list(): void {
    if (this.disk.setting("listed") !== undefined) return;
    const { projectId, rest } = parseObjectName(this.ctx.id.name);
    this.ctx.waitUntil(
      this.deps
        .objects(projectId)
        .registerTicking("Receiver", rest)
        .then(() => this.disk.putSetting("listed", "1"))
        .catch((e: unknown) => console.warn("receiver: not listed", e)),
    );
  }
}
