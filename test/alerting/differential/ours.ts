import type { PostedAlert } from "../../../src/core/alerts";
import type { RouterConfig } from "../../../src/alerting/config";
import type { NotificationData } from "../../../src/alerting/notification-data";
import { fingerprint } from "../../../src/alerting/fingerprint";
import { postAlerts } from "../../../src/alerting/post";
import { nextTick, tick } from "../../../src/alerting/router";
import {
  type Group,
  type Outcome,
  type RouterState,
  type ToldEntry,
  emptyState,
} from "../../../src/alerting/state";

/** What happens to a router, on the clock that its answer is on. */
export type TimedInput =
  | { readonly kind: "post"; readonly atMs: number; readonly alert: PostedAlert }
  | {
      readonly kind: "silence";
      readonly atMs: number;
      readonly id: string;
      readonly matchers: Readonly<Record<string, string>>;
      readonly endsAtMs: number;
    }
  | { readonly kind: "expire"; readonly atMs: number; readonly id: string };

/** One message of one webhook. */
export interface Message {
  readonly atMs: number;
  /** `<receiver>/<index>`. */
  readonly hook: string;
  readonly data: Omit<NotificationData, "notification_reason" | "externalURL">;
}

export interface OurRun {
  readonly messages: readonly Message[];
  /** When groups were flushed by time alone, and when alerts expired. */
  readonly flushesMs: readonly number[];
  readonly expiriesMs: readonly number[];
  /** Posts that say something of what is over; see {@link Deviations}. */
  readonly surplus: number;
}

/**
 * Where Vedette means to differ from Alertmanager 0.25. Each can be turned off, to see what the rest does:
 *
 * - `emptyGroupsGo`: a group goes with its last alert, as in Alertmanager since 0.30; 0.25 keeps it, and
 *   with it the grid of its flushes, until a sweep every 30 s.
 * - `unheardResolutionsCount`: an alert that resolved while it was suppressed is news when it fires again;
 *   Alertmanager says nothing until the repeat interval is over.
 * - `logForgets`: an entry of the notification log goes when its time is over; Alertmanager sweeps every 15 min.
 *
 * Others are kept out of the cases. Vedette forgets an alert that everybody was told the end of: it takes no
 * notice of one more resolution, which Alertmanager puts into the group and tells once more beside others,
 * and an alert posted with a beginning before that end begins there and not where the one before began.
 */
export interface Deviations {
  readonly emptyGroupsGo: boolean;
  readonly unheardResolutionsCount: boolean;
  readonly logForgets: boolean;
}

export const AS_ALERTMANAGER_025: Deviations = {
  emptyGroupsGo: false,
  unheardResolutionsCount: false,
  logForgets: false,
};

/** Runs the router over inputs, in order of time, on virtual time. */
export function runOurs(
  config: RouterConfig,
  inputs: readonly TimedInput[],
  endMs: number,
  deviations: Deviations,
): OurRun {
  const state = emptyState();
  const settings = { projectId: "p", config, externalUrl: "" };
  const messages: Message[] = [];
  const flushesMs: number[] = [];
  const expiriesMs: number[] = [];
  const ended = new Map<string, number>();
  let surplus = 0;
  const step = (nowMs: number, decide: () => Outcome): void => {
    const groups = new Map(state.groups);
    const told = new Map(state.told);
    const out = decide();
    for (const c of out.changes) ended.set(c.fingerprint, c.endedAtMs ?? 0);
    if (!deviations.emptyGroupsGo) keepGroups(state, groups);
    keepTold(state, told, deviations);
    for (const set of Object.values(state.dirty)) (set as Set<string>).clear();
    for (const intent of out.intents) {
      if (intent.kind !== "notify") continue;
      const [, , index] = intent.integration.id.split("/");
      const data = JSON.parse(intent.notification.dataJson) as NotificationData;
      messages.push({ atMs: nowMs, hook: `${intent.notification.receiver}/${index}`, data });
    }
  };
  const pending = [...inputs].sort((a, b) => a.atMs - b.atMs);
  for (;;) {
    const { flushMs = Infinity, expiryMs = Infinity } = nextTick(state);
    const next = pending[0]?.atMs ?? Infinity;
    const now = Math.min(flushMs, expiryMs, next);
    if (now > endMs) break;
    if (next <= now) {
      const input = pending.shift() as TimedInput;
      if (flushMs <= now) flushesMs.push(now);
      if (input.kind === "post" && isSurplus(state, input.alert, now, ended)) surplus++;
      if (input.kind === "post") step(now, () => postAlerts(state, settings, [input.alert], now));
      else changeSilence(state, input);
      continue;
    }
    if (flushMs <= now) flushesMs.push(now);
    if (expiryMs <= now) expiriesMs.push(now);
    step(now, () => tick(state, settings, now));
  }
  return { messages, flushesMs, expiriesMs, surplus };
}

function isSurplus(
  state: RouterState,
  alert: PostedAlert,
  nowMs: number,
  ended: ReadonlyMap<string, number>,
): boolean {
  const id = fingerprint(alert.labels);
  const known = state.alerts.get(id);
  // One that has ended may have been told by one group while it waits in another.
  if (known !== undefined) return known.endsAtMs <= nowMs && (alert.endsAtMs ?? Infinity) <= nowMs;
  const startsAtMs = alert.startsAtMs ?? alert.endsAtMs ?? nowMs;
  return (alert.endsAtMs ?? Infinity) <= nowMs || startsAtMs <= (ended.get(id) ?? 0);
}

function changeSilence(state: RouterState, input: Exclude<TimedInput, { kind: "post" }>): void {
  if (input.kind === "expire") {
    const silence = state.silences.get(input.id);
    if (silence !== undefined)
      state.silences.set(input.id, {
        ...silence,
        endsAtMs: Math.min(silence.endsAtMs, input.atMs),
      });
    return;
  }
  state.silences.set(input.id, {
    id: input.id,
    matchers: Object.entries(input.matchers).map(([name, value]) => ({ type: "=", name, value })),
    startsAtMs: input.atMs,
    endsAtMs: input.endsAtMs,
    createdBy: "",
    comment: "",
    updatedAtMs: input.atMs,
  });
}

function keepGroups(state: RouterState, before: ReadonlyMap<string, Group>): void {
  for (const [id, group] of before) if (!state.groups.has(id)) state.groups.set(id, group);
}

function keepTold(
  state: RouterState,
  before: ReadonlyMap<string, ToldEntry>,
  deviations: Deviations,
): void {
  for (const [key, entry] of before) {
    const now = state.told.get(key);
    const forgotten = now === undefined && !deviations.logForgets;
    const unheard =
      now !== undefined &&
      now.atMs === entry.atMs &&
      now.firing.length < entry.firing.length &&
      !deviations.unheardResolutionsCount;
    if (forgotten || unheard) state.told.set(key, entry);
  }
}
