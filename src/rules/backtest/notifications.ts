import type { AlertInstance } from "../../core/alerts";
import type { SendReason } from "../../alerting/model";
import { nextTick, receive, tick } from "../../alerting/router";
import { type Outcome, type RouterSettings, emptyState } from "../../alerting/state";
import { RESEND_DELAY_MS } from "../hand-over";
import type { SetChange } from "./run";

/** One message that would have left. */
export interface ToldMessage {
  readonly atMs: number;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly status: "firing" | "resolved";
  readonly reason: SendReason;
  readonly firing: number;
  readonly resolved: number;
}

const SOURCE = "backtest";

/**
 * Which messages a router with this configuration would send for what the rules hand it, up to
 * `toMs`: by the router's own decisions, without the silences and windows of the day.
 */
export function notificationsOf(
  settings: RouterSettings,
  changes: readonly SetChange[],
  toMs: number,
): ToldMessage[] {
  const state = emptyState();
  const told: ToldMessage[] = [];
  const take = (out: Outcome): void => {
    for (const e of out.log)
      if (e.decision === "sent")
        told.push({
          atMs: e.atMs,
          receiver: e.receiver,
          integration: e.integration,
          groupKey: e.groupKey,
          status: e.status,
          reason: e.reason as SendReason, // what is sent has one of those
          firing: e.firing.length,
          resolved: e.resolved.length,
        });
  };
  const runTo = (ms: number): void => {
    for (;;) {
      const { flushMs } = nextTick(state);
      if (flushMs === undefined || flushMs > ms) return;
      take(tick(state, settings, flushMs));
    }
  };
  let generation = 0;
  for (const { atMs, alerts } of handOvers(changes, toMs)) {
    runTo(atMs);
    generation++;
    take(
      receive(state, settings, { source: SOURCE, generation, evaluatedAtMs: atMs, alerts }, atMs),
    );
  }
  runTo(toMs);
  return told;
}

interface HandOver {
  readonly atMs: number;
  readonly alerts: readonly AlertInstance[];
}

/** The set of all rules at each time that one of them changed, repeated while it stands as in production. */
function* handOvers(changes: readonly SetChange[], toMs: number): Iterable<HandOver> {
  const current = new Map<number, readonly AlertInstance[]>();
  for (const [i, c] of changes.entries()) {
    current.set(c.rule, c.alerts);
    const next = changes[i + 1]?.atMs;
    if (next === c.atMs) continue;
    const set = [...current.values()].flat();
    yield { atMs: c.atMs, alerts: set };
    if (!set.some((a) => a.status === "firing")) continue;
    for (let at = c.atMs + RESEND_DELAY_MS; at < (next ?? toMs); at += RESEND_DELAY_MS)
      yield { atMs: at, alerts: set.map((a) => later(a, at - c.atMs)) };
  }
}

/** A firing alert expires later each time it is sent again. */
function later(a: AlertInstance, byMs: number): AlertInstance {
  return a.status === "resolved" ? a : { ...a, endsAtMs: a.endsAtMs + byMs };
}
