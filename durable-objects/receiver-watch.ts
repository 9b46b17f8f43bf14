import type { Deps } from "../src/http/deps";
import {
  type FailingIntegration,
  type ReceiverHealth,
  REPEAT_MS,
  judgeHealth,
  receiverAlert,
  withFailure,
} from "../src/notify/receiver-health";
import { withTimeout } from "../src/storage/write-or-spill";
import type { ReceiverStorage } from "./receiver-storage";
import type { Timers } from "./timers";

const TIMER = "health";
const SETTING = "health";
const GENERATION = "alert_generation";
const ROUTER_TIMEOUT_MS = 20_000;

interface StoredHealth {
  /** Absent once it delivers again. */
  readonly failing?: ReceiverHealth;
  /** An alert that was raised, whose end the router has not taken yet. */
  readonly ending?: ReceiverHealth;
}

/**
 * Hands the router an alert about the receiver itself while it is down, each minute, and its end once it delivers
 * again. A receiver that delivers costs no row.
 */
export class ReceiverWatch {
  private telling = false;
  /** Something may have changed since the router was told. */
  private again = false;

  constructor(
    private readonly disk: ReceiverStorage,
    private readonly timers: Timers,
    private readonly deps: Deps,
    private readonly projectId: string,
    private readonly integration: FailingIntegration,
  ) {}

  /** For the transaction that notes a failed attempt. */
  failed(error: string, lost: boolean, nowMs: number): void {
    const stored = this.stored();
    this.put({ ...stored, failing: withFailure(stored.failing, { error, lost }, nowMs) });
  }

  /** For the transaction that notes a delivery. */
  delivered(): void {
    const { failing, ...rest } = this.stored();
    if (failing === undefined) return;
    this.put(failing.raisedAtMs === undefined ? rest : { ending: failing });
  }

  health(): ReceiverHealth | undefined {
    return this.stored().failing;
  }

  isDue(nowMs: number): boolean {
    const at = this.timers.at(TIMER);
    return at !== undefined && at <= nowMs;
  }

  /** Judges the receiver and tells the router where there is something to tell. Never throws. */
  async follow(): Promise<void> {
    this.again = true;
    if (this.telling) return;
    this.telling = true;
    try {
      // What changes while the router is told is looked at next.
      while (this.again) {
        this.again = false;
        const { ending } = this.stored();
        if (ending !== undefined) await this.end(ending);
        await this.judge();
      }
    } catch (e) {
      console.warn("receiver: the router has not heard of its health", e);
      await this.timers.set(TIMER, this.deps.clock() + REPEAT_MS);
    } finally {
      this.telling = false;
    }
  }

  private async judge(): Promise<void> {
    const { failing } = this.stored();
    if (failing === undefined) {
      if (this.timers.at(TIMER) !== undefined) await this.timers.clear(TIMER);
      return;
    }
    const now = this.deps.clock();
    const verdict = judgeHealth(failing, now);
    if (verdict.down) return this.raise(failing, now);
    if (verdict.atMs !== undefined) return this.timers.set(TIMER, verdict.atMs);
    this.put(failing.raisedAtMs === undefined ? {} : { ending: failing });
    this.again = true;
  }

  private async raise(failing: ReceiverHealth, now: number): Promise<void> {
    const at = this.timers.at(TIMER);
    // Failures between two repetitions tell nobody anything new.
    if (failing.raisedAtMs !== undefined && at !== undefined && at > now) return;
    const raised = { ...failing, raisedAtMs: failing.raisedAtMs ?? now };
    this.put({ ...this.stored(), failing: raised });
    await this.timers.set(TIMER, now + REPEAT_MS);
    await this.tell(raised, "firing", now);
  }

  private async end(ended: ReceiverHealth): Promise<void> {
    const now = this.deps.clock();
    await this.timers.set(TIMER, now + REPEAT_MS);
    await this.tell(ended, "resolved", now);
    // It may have failed again during the wait, and recovered from that.
    const { ending, ...rest } = this.stored();
    if (ending?.lastFailureMs === ended.lastFailureMs) this.put(rest);
  }

  private async tell(h: ReceiverHealth, status: "firing" | "resolved", now: number): Promise<void> {
    const generation = Math.max(Number(this.disk.setting(GENERATION) ?? 0) + 1, now);
    this.disk.putSetting(GENERATION, String(generation));
    const set = receiverAlert(
      this.integration,
      h,
      status,
      generation,
      now,
      this.deps.config.externalUrl ?? "",
    );
    const router = this.deps.objects(this.projectId).alertRouter();
    await withTimeout(router.receive(set), ROUTER_TIMEOUT_MS, "hand-over");
  }

  private stored(): StoredHealth {
    const json = this.disk.setting(SETTING);
    return json === undefined ? {} : (JSON.parse(json) as StoredHealth); // as put() wrote it
  }

  private put(stored: StoredHealth): void {
    if (stored.failing === undefined && stored.ending === undefined) this.disk.dropSetting(SETTING);
    else this.disk.putSetting(SETTING, JSON.stringify(stored));
  }
}
