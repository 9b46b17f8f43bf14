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
import { flushSoon } from "../src/http/observe";
import { mergeMessages } from "../src/notify/merge";
import { nextToSend, nextWake, shouldMerge, supersededBy } from "../src/notify/outbox";
import { type ReceiverHealthView, integrationNamed } from "../src/notify/receiver-health";
import { type AttemptVerdict, MAX_AGE_MS, judgeAttempt } from "../src/notify/retry";
import { parseObjectName } from "../src/storage/objects";
import { ReceiverHistory } from "./receiver-history";
import { type Paced, ReceiverPace } from "./receiver-pace";
import { ATTEMPT_TIMEOUT_MS, sendMessage } from "./receiver-send";
import { type OutboxRow, ReceiverStorage } from "./receiver-storage";
import { ReceiverWatch } from "./receiver-watch";
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
  private readonly watch: ReceiverWatch;
  private readonly pace: ReceiverPace;
  /** The integration of the message last looked at: all of them share its limits. */
  private paced: Paced | undefined;
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
    const { projectId, rest } = parseObjectName(ctx.id.name);
    this.projectId = projectId;
    this.pace = new ReceiverPace(this.disk);
    this.watch = new ReceiverWatch(
      this.disk,
      this.timers,
      this.deps,
      projectId,
      integrationNamed(rest),
    );
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
        if (templatesJson !== undefined) this.disk.keepTemplates(templatesJson);
        this.paced = integration;
        const message = this.joined(integration, notification, now);
        this.disk.enqueue(JSON.stringify(integration), message, now);
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

  /** The message, with what it makes needless or takes over of those of its group that wait. */
  private joined(
    integration: StoredIntegration,
    n: OutgoingNotification,
    now: number,
  ): OutgoingNotification {
    const waiting = this.disk
      .queue()
      .filter((m) => m.groupKey === n.groupKey && !this.underWay.has(m.seq))
      .flatMap((m) => this.disk.message(m.seq) ?? [])
      .map((m) => ({ ...m, alerts: alertsOf(m.notification) }));
    const needless = supersededBy(alertsOf(n), waiting);
    const rest = waiting.filter((m) => !needless.includes(m));
    const merged = shouldMerge(rest, this.pace.nextMs(integration, now) > now)
      ? mergeMessages([...rest.map((m) => m.notification), n])
      : undefined;
    for (const old of merged === undefined ? needless : waiting) {
      this.disk.drop(old.seq);
      this.log(old, now, { outcome: "superseded" });
    }
    return merged ?? n;
  }

  async deliveries(limit: number): Promise<string> {
    return JSON.stringify(this.disk.deliveries(limit));
  }

  async inbox(limit: number): Promise<string> {
    return JSON.stringify(this.disk.inbox(limit));
  }

  async health(): Promise<string> {
    const queue = this.disk.queue();
    const view: ReceiverHealthView = {
      failing: this.watch.health() ?? null,
      waiting: queue.length,
      oldestWaitingMs: queue[0]?.enqueuedAtMs ?? null,
    };
    return JSON.stringify(view);
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    this.lastTickMs = this.deps.clock();
    if (this.history.isDue(this.lastTickMs)) this.tellHistory();
    if (this.watch.isDue(this.lastTickMs)) this.ctx.waitUntil(this.watch.follow());
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
    const now = this.deps.clock();
    const due = nextToSend(this.disk.queue(), new Set(this.underWay.values()), room, now);
    for (const { seq, groupKey } of due) {
      const message = this.disk.message(seq);
      if (message === undefined) continue;
      this.paced = message.integration;
      if (this.pace.nextMs(this.paced, now) > now) return;
      this.pace.called(this.paced, now);
      this.underWay.set(seq, groupKey);
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
    const now = this.deps.clock();
    this.disk.transaction(() => {
      const again = verdict.outcome === "failed" ? verdict.nextAttemptMs : null;
      if (again === null) this.disk.drop(message.seq);
      else this.disk.retryAt(message.seq, message.attempts + 1, again);
      if (verdict.outcome === "failed" && verdict.holdReceiver)
        this.pace.hold(verdict.nextAttemptMs);
      if (verdict.outcome === "delivered") {
        // It was down and is back. After a short failure waits stay: it may be a message that is disliked.
        if (this.watch.health()?.raisedAtMs !== undefined) this.disk.retryAllAt(now);
        this.watch.delivered();
      } else {
        // Who sends a test sees what becomes of it.
        const lost = again === null && message.notification.reason !== "test";
        this.watch.failed(error ?? verdict.outcome, lost, now);
      }
      this.log(message, startMs, {
        outcome: verdict.outcome,
        attempt: message.attempts + 1,
        latencyMs: now - startMs,
        statusCode,
        error,
        response,
        nextAttemptMs: again,
      });
    });
    this.deps.selfMetrics.observeNotification({
      integrationType: message.integration.type,
      outcome: verdict.outcome,
      seconds: (now - (message.notification.decidedAtMs ?? message.enqueuedAtMs)) / 1_000,
    });
    flushSoon(this.deps);
    this.tellHistory();
    this.ctx.waitUntil(this.watch.follow());
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
            waiting.filter((m) => !busy.has(m.groupKey)),
            this.pace.nextMs(this.paced, now),
          );
    const lost = this.underWay.size > 0 ? now + LOST_MS : undefined;
    const times = [wake, lost].filter((t) => t !== undefined);
    if (times.length === 0) await this.timers.clear("send");
    else await this.timers.set("send", Math.max(Math.min(...times), now));
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

function alertsOf(n: OutgoingNotification): readonly string[] {
  const { alerts } = JSON.parse(n.dataJson) as Partial<NotificationData>; // a report's has its own
  return (alerts ?? []).map((a) => a.fingerprint);
}
