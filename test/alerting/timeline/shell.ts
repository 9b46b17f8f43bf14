import { RouterStorage } from "../../../durable-objects/router-storage";
import { restoreGroups } from "../../../src/alerting/grouping";
import type { NotificationLogEntry } from "../../../src/alerting/model";
import { nextTick, tick } from "../../../src/alerting/router";
import type { Intent, Outcome, RouterSettings, RouterState } from "../../../src/alerting/state";
import type { KillPoint } from "./script";
import { memoryStorage } from "./memory-storage";

/** The process died in the middle of a call. */
export class Killed extends Error {}

/** An effect that reached its taker, with the decision that it carries out. */
export interface Delivery {
  readonly intent: Extract<Intent, { kind: "notify" } | { kind: "incident" }>;
  readonly entry: NotificationLogEntry;
}

type Timer = "flush" | "expiry" | "windows" | "calm" | "intents";

/** After a kill the effects that were stored are picked up by an alarm at the latest then. */
const INTENTS_RETRY_MS = 60_000;

/**
 * The AlertRouter object on virtual time: decides, stores through the real RouterStorage, and only
 * then lets out; it can lose its memory at any of these points. Takers know an effect by its id, as the
 * real Receiver does, so that what is handed over again is heard once.
 */
export class RouterShell {
  /** When the platform calls `alarm` next; undefined: never. */
  alarmMs: number | undefined;
  killAt: KillPoint | undefined;
  /** Rows that the last commit inserted or changed. */
  written = 0;
  private readonly disk = new RouterStorage(memoryStorage());
  private readonly entries = new Map<string, NotificationLogEntry>();
  private readonly taken = new Set<string>();
  /** What receivers have sent and, dead before they noted it, send once more. */
  private readonly unnoted: Delivery[] = [];
  private readonly timers = new Map<Timer, number>();
  private state: RouterState | undefined;

  constructor(
    public settings: RouterSettings,
    private readonly deliver: (delivery: Delivery) => void,
    private readonly held: (entry: NotificationLogEntry) => void,
  ) {}

  open(nowMs: number): RouterState {
    if (this.state !== undefined) return this.state;
    const { state, groups } = this.disk.load();
    restoreGroups(state, this.settings.config, groups, this.timers.get("flush") ?? nowMs, nowMs);
    this.state = state;
    this.handOver();
    return state;
  }

  /** @throws {@link Killed} where a kill was ordered and something was decided that leaves. */
  commit(decide: (state: RouterState) => Outcome, nowMs: number): Outcome {
    const state = this.open(nowMs);
    const outcome = decide(state);
    const lets = outcome.intents.length > 0;
    if (lets) this.die("before-store");
    this.written = changed(state);
    this.disk.save(state, outcome, outcome.intents, nowMs);
    for (const e of outcome.log) {
      this.entries.set(e.id, e);
      if (e.decision === "held") this.held(e);
    }
    this.schedule(state, nowMs, lets);
    if (lets) {
      this.die("after-store");
      this.handOver();
    }
    return outcome;
  }

  alarm(nowMs: number): void {
    this.alarmMs = undefined;
    this.commit((state) => tick(state, this.settings, nowMs), nowMs);
    this.handOver();
  }

  /** What the cron's check does: an alarm that is gone is set again. */
  ensureTicking(nowMs: number): void {
    if (this.state !== undefined && nowMs < this.state.clockMs)
      this.commit((state) => tick(state, this.settings, nowMs), nowMs);
    this.arm();
  }

  forget(): void {
    this.state = undefined;
  }

  private handOver(): void {
    for (const delivery of this.unnoted.splice(0)) this.deliver(delivery);
    for (const lane of this.disk.lanes())
      for (;;) {
        const first = this.disk.firstIntent(lane);
        if (first === undefined) break;
        this.take(first.intent);
        this.die("after-hand-over");
        this.disk.deleteIntent(first.seq);
      }
    this.timers.delete("intents");
    this.arm();
  }

  private take(intent: Intent): void {
    if (intent.kind === "history" || intent.kind === "hold" || this.taken.has(intent.id)) return;
    this.taken.add(intent.id);
    const entry = this.entries.get(intent.id);
    // An incident that a new configuration ends has no decision of a group.
    if (entry === undefined) return;
    this.deliver({ intent, entry });
    if (this.killAt !== "after-send") return;
    this.killAt = undefined;
    this.unnoted.push({ intent, entry });
  }

  private die(point: KillPoint): void {
    if (this.killAt !== point) return;
    this.killAt = undefined;
    this.forget();
    throw new Killed(point);
  }

  private schedule(state: RouterState, nowMs: number, lets: boolean): void {
    const { flushMs, expiryMs, windowMs, calmMs } = nextTick(state);
    this.setTimer("flush", flushMs);
    this.setTimer("windows", windowMs);
    this.setTimer("calm", calmMs);
    const armed = this.timers.get("expiry");
    if (expiryMs === undefined) this.setTimer("expiry", undefined);
    else if (armed === undefined || expiryMs < armed || armed <= nowMs)
      this.setTimer("expiry", expiryMs);
    if (lets && !this.timers.has("intents")) this.setTimer("intents", nowMs + INTENTS_RETRY_MS);
    this.arm();
  }

  private setTimer(name: Timer, atMs: number | undefined): void {
    if (atMs === undefined) this.timers.delete(name);
    else this.timers.set(name, Math.ceil(atMs));
  }

  private arm(): void {
    const first = Math.min(...this.timers.values());
    this.alarmMs = Number.isFinite(first) ? first : undefined;
  }
}

/** Records that are marked to be written, and not because they are gone. */
function changed(state: RouterState): number {
  let rows = 0;
  for (const [name, keys] of Object.entries(state.dirty) as [
    keyof RouterState["dirty"],
    Set<string>,
  ][]) {
    const records: ReadonlyMap<string, unknown> = state[name];
    for (const key of keys) if (records.has(key)) rows++;
  }
  return rows;
}
