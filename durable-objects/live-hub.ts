import { DurableObject } from "cloudflare:workers";
import { compose } from "../src/compose";
import type { LiveMessage } from "../src/core/live";
import type { LiveHubRpc } from "../src/core/objects";
import type { Env } from "../src/env";
import type { Deps } from "../src/http/deps";
import { makeLiveSource } from "../src/http/live/source";
import { bound, type LiveUpdate, MAX_REMEMBERED } from "../src/live/bounds";
import { NO_FIGURES } from "../src/live/figures";
import { CATCH_UP_MS, leaseUntil } from "../src/live/lease";
import { FRESH_PACE, type Pace, received, sent, type Verdict } from "../src/live/pace";
import type { LiveSource } from "../src/live/source";
import {
  applied,
  EMPTY_STATE,
  type LiveState,
  repairs,
  snapshotOf,
  type Stored,
} from "../src/live/state";
import { onlyTopics, parseTopics, type Topic, TOPICS } from "../src/live/topics";
import { parseObjectName } from "../src/storage/objects";

/** Whom a socket belongs to; survives hibernation in the socket's attachment. */
interface Watcher {
  readonly tokenId: string;
  readonly name: string;
  readonly topics: readonly Topic[];
}

const TICK_MS = 1_000;
/** Right after somebody came, alerts are looked for this often: their publisher may not know of it yet. */
const STEP_MS = 250;
const TICK_LIMIT_MS = 5_000;
/** How often the alerts and incidents are compared with their owners: a publication may be lost. */
const REPAIR_MS = 5_000;
const CHECK_MS = 30_000;
const MAX_SOCKETS = 5_000;

/**
 * Fans what happens out to a project's open pages. Figures are evaluated once a second for all
 * sockets together, and only while there is one.
 *
 * The second is counted by a timer in memory, not by the alarm: an alarm a second would cost 86,400 requests and
 * rows written a day, nearly all that the free plan has. The alarm every 30 s only revives the timer.
 */
export class LiveHub extends DurableObject<Env> implements LiveHubRpc {
  private readonly deps: Deps;
  private readonly projectId: string;
  private source: LiveSource;
  private readonly paces = new WeakMap<WebSocket, Pace>();
  private readonly failing = new Set<string>();
  private state: LiveState = EMPTY_STATE;
  private loading: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticking = false;
  private watchedSinceMs = 0;
  private repairedAtMs = 0;
  private figuresAtMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.projectId = parseObjectName(ctx.id.name).projectId;
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    this.source = makeLiveSource(this.deps, this.projectId);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    // Sockets outlive the object's memory.
    if (this.sockets().length > 0) this.startTicking();
  }

  /** The upgrade, forwarded by the Worker after it has checked the Origin and the token. */
  override async fetch(request: Request): Promise<Response> {
    const watcher = parseWatcher(request);
    if (this.sockets().length >= MAX_SOCKETS)
      return Response.json(
        { code: "too_many_sockets", detail: `one hub carries ${MAX_SOCKETS} sockets` },
        { status: 503 },
      );
    if (this.sockets().length === 0) this.forget();
    this.loading ??= this.load();
    await this.loading;
    // From here on nothing waits: no message can come before the snapshot, none is missed after it.
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [...watcher.topics]);
    server.serializeAttachment(watcher);
    this.sendSnapshot(server);
    this.startTicking();
    return new Response(null, { status: 101, webSocket: client });
  }

  async publish(messages: readonly LiveMessage[]): Promise<{ readonly watchedUntilMs: number }> {
    const lease = await this.watched();
    if (lease.watchedUntilMs === 0) return lease;
    for (const m of messages) if (m.type !== "snapshot") this.broadcast(bound(m));
    return lease;
  }

  async watched(): Promise<{ readonly watchedUntilMs: number }> {
    return { watchedUntilMs: leaseUntil(this.sockets().length, this.deps.clock()) };
  }

  override async alarm(): Promise<void> {
    if (this.sockets().length === 0) return;
    this.startTicking();
    await this.ctx.storage.setAlarm(this.deps.clock() + CHECK_MS);
    await this.closeRevoked();
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.apply(
      socket,
      typeof message === "string"
        ? received(message, this.deps.clock())
        : { verdict: "close", code: 1003, reason: "text only" },
    );
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    if (this.sockets().some((s) => s !== socket)) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.ctx.storage.deleteAlarm();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket);
  }

  private sockets(topic?: Topic): WebSocket[] {
    return this.ctx.getWebSockets(topic).filter((s) => s.readyState === WebSocket.OPEN);
  }

  private forget(): void {
    this.state = EMPTY_STATE;
    this.loading = undefined;
    // A new source knows nothing of before: configuration put since then holds at once.
    this.source = makeLiveSource(this.deps, this.projectId);
    this.watchedSinceMs = this.deps.clock();
  }

  /** The state from the stores, for the first socket. */
  private async load(): Promise<void> {
    const now = this.deps.clock();
    this.figuresAtMs = now;
    const [figures, stored] = await Promise.all([this.figures(now), this.stored(true)]);
    this.state = applied(this.state, figures);
    for (const message of repairs(this.state, stored, 0))
      this.state = applied(this.state, bound(message));
    this.repairedAtMs = now;
  }

  private startTicking(): void {
    if (this.timer !== undefined || this.ticking) return;
    this.timer = setTimeout(() => this.tick(), STEP_MS);
    this.ctx.waitUntil(this.armCheck());
  }

  private async armCheck(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(this.deps.clock() + CHECK_MS);
  }

  private async tick(): Promise<void> {
    this.timer = undefined;
    if (this.sockets().length === 0) return;
    const start = this.deps.clock();
    this.ticking = true;
    try {
      if (this.loading === undefined) {
        // The object has lost its memory, its sockets have not.
        await (this.loading = this.load());
        for (const socket of this.sockets()) this.sendSnapshot(socket);
      }
      const due = start - this.figuresAtMs >= TICK_MS - STEP_MS / 2;
      if (due) {
        this.figuresAtMs = start;
        this.broadcast(await this.figures(start));
      }
      await this.repair(start, due);
    } catch (e) {
      console.error("live tick failed", e);
    } finally {
      this.ticking = false;
      this.schedule(start);
    }
  }

  private schedule(startMs: number): void {
    if (this.sockets().length === 0) return;
    const now = this.deps.clock();
    const wanted = this.catchingUp(now) ? startMs + STEP_MS : this.figuresAtMs + TICK_MS;
    this.timer = setTimeout(() => this.tick(), Math.max(TICK_MS / 10, wanted - now));
  }

  private catchingUp(nowMs: number): boolean {
    return nowMs - this.watchedSinceMs < CATCH_UP_MS + TICK_MS;
  }

  /** Never rejects: a failure is a message without figures that says why. */
  private async figures(nowMs: number): Promise<Extract<LiveMessage, { type: "figures" }>> {
    try {
      return {
        type: "figures",
        atMs: nowMs,
        ...(await within(TICK_LIMIT_MS, this.source.figures(nowMs))),
      };
    } catch (e) {
      return {
        type: "figures",
        atMs: nowMs,
        figures: NO_FIGURES,
        problem: e instanceof Error ? e.message : String(e),
      };
    }
  }

  /** Compares with the stores. Lines and events only right after somebody came, once a second. */
  private async repair(nowMs: number, withRecords: boolean): Promise<void> {
    const catchingUp = this.catchingUp(nowMs);
    if (!catchingUp && nowMs - this.repairedAtMs < REPAIR_MS) return;
    this.repairedAtMs = nowMs;
    const stored = await within(TICK_LIMIT_MS, this.stored(catchingUp && withRecords));
    for (const message of repairs(this.state, stored, this.watchedSinceMs - CATCH_UP_MS))
      this.broadcast(bound(message));
  }

  /** What can be read now; a source that fails leaves its part out. */
  private async stored(withRecords: boolean): Promise<Stored> {
    const now = this.deps.clock();
    const [alerts, incidents, logs, events] = await Promise.allSettled([
      this.source.alerts(),
      this.source.incidents(),
      withRecords ? this.source.logs(MAX_REMEMBERED / 2, now) : undefined,
      withRecords ? this.source.events(MAX_REMEMBERED / 2, now) : undefined,
    ]);
    return {
      ...this.part("alerts", alerts),
      ...this.part("incidents", incidents),
      ...this.part("logs", logs),
      ...this.part("events", events),
    };
  }

  /** A source that fails is logged when it begins to fail, not each time it is asked. */
  private part<K extends keyof Stored>(key: K, settled: PromiseSettledResult<Stored[K]>): Stored {
    if (settled.status === "rejected") {
      if (!this.failing.has(key)) console.error(`live ${key} cannot be read`, settled.reason);
      this.failing.add(key);
      return {};
    }
    this.failing.delete(key);
    return settled.value === undefined ? {} : { [key]: settled.value };
  }

  private broadcast(message: LiveUpdate): void {
    if (message.type === "events") this.source.stir();
    this.state = applied(this.state, message);
    const text = JSON.stringify(message);
    for (const socket of this.sockets(message.type)) this.sendTo(socket, text);
  }

  private sendSnapshot(socket: WebSocket): void {
    const { topics } = watcherOf(socket);
    this.sendTo(
      socket,
      JSON.stringify(onlyTopics(snapshotOf(this.state, this.deps.clock()), topics)),
    );
  }

  private sendTo(socket: WebSocket, text: string): void {
    try {
      socket.send(text);
      this.apply(socket, sent(this.paces.get(socket) ?? FRESH_PACE, text.length));
    } catch {
      // The peer has gone; webSocketClose follows.
    }
  }

  private apply(socket: WebSocket, verdict: Verdict): void {
    if (verdict.verdict === "keep") this.paces.set(socket, verdict.pace);
    else socket.close(verdict.code, verdict.reason);
  }

  private async closeRevoked(): Promise<void> {
    const byToken = Map.groupBy(this.sockets(), (s) => watcherOf(s).tokenId);
    for (const [tokenId, sockets] of byToken) {
      const { state } = await this.deps.tokens.state(this.projectId, tokenId);
      if (state === "revoked") for (const s of sockets) s.close(4401, "the token was revoked");
    }
  }
}

/** The Worker alone can reach the object, so the header is its word (src/http/live/routes.ts). */
function parseWatcher(request: Request): Watcher {
  const { tokenId, name, topics } = JSON.parse(
    request.headers.get("x-vedette-watcher") ?? "{}",
  ) as { tokenId?: string; name?: string; topics?: string };
  const parsed = parseTopics(topics);
  return {
    tokenId: tokenId ?? "",
    name: name ?? "",
    topics: "topics" in parsed ? parsed.topics : TOPICS,
  };
}

/** What fetch() attached to the socket. */
function watcherOf(socket: WebSocket): Watcher {
  return socket.deserializeAttachment() as Watcher;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
