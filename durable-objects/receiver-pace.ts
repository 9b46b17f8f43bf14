import type { IntegrationType } from "../src/alerting/config";
import { nextAllowedMs, rateWindows, withCall, worthKeeping } from "../src/notify/rate-limit";
import type { ReceiverStorage } from "./receiver-storage";

/** What is known of an integration without its secrets. */
export interface Paced {
  readonly type: IntegrationType;
  readonly perMinute?: number;
}

const SETTING = "calls";

/** How fast a receiver may be called: the quiet that it asked for, and the limits of its type. */
export class ReceiverPace {
  private calls: readonly number[] | undefined;

  constructor(private readonly disk: ReceiverStorage) {}

  /** When the next call may leave; `nowMs` where at once. */
  nextMs(integration: Paced | undefined, nowMs: number): number {
    const held = Number(this.disk.setting("hold_until") ?? 0);
    if (integration === undefined) return Math.max(held, nowMs);
    const windows = rateWindows(integration.type, integration.perMinute);
    return Math.max(held, nextAllowedMs(windows, this.open(), nowMs));
  }

  /** Notes a call that leaves now. */
  called(integration: Paced, nowMs: number): void {
    const windows = rateWindows(integration.type, integration.perMinute);
    if (windows.length === 0) return;
    this.calls = withCall(windows, this.open(), nowMs);
    if (worthKeeping(windows, this.calls))
      this.disk.putSetting(SETTING, JSON.stringify(this.calls));
  }

  /** For the transaction that notes the refusal. */
  hold(untilMs: number): void {
    this.disk.putSetting("hold_until", String(untilMs));
  }

  private open(): readonly number[] {
    this.calls ??= JSON.parse(this.disk.setting(SETTING) ?? "[]") as readonly number[]; // as called() wrote it
    return this.calls;
  }
}
