import type { IntegrationType } from "../alerting/config";

/** At most `count` calls within any `perMs`. */
export interface RateWindow {
  readonly count: number;
  readonly perMs: number;
}

const SECOND = 1_000;
const MINUTE = 60_000;

/** What services ask for; beyond it they refuse, and who goes on is locked out for longer. */
const DEFAULTS: Readonly<Record<IntegrationType, readonly RateWindow[]>> = {
  // One a second, short bursts allowed (docs.slack.dev/apis/web-api/rate-limits).
  slack: [{ count: 3, perMs: 3 * SECOND }],
  // 20 a minute in a group, one a second in a chat (core.telegram.org/bots/faq).
  telegram: [
    { count: 1, perMs: SECOND },
    { count: 20, perMs: MINUTE },
  ],
  // 30 a minute a webhook, 5 in 2 s (discord.com/developers/docs/topics/rate-limits).
  discord: [
    { count: 5, perMs: 2 * SECOND },
    { count: 30, perMs: MINUTE },
  ],
  // 120 a minute an integration key (developer.pagerduty.com/docs/events-api-v2/overview).
  pagerduty: [{ count: 120, perMs: MINUTE }],
  // 4 a second, 60 in 30 s (learn.microsoft.com, "Rate limiting for connectors").
  msteams: [
    { count: 4, perMs: SECOND },
    { count: 60, perMs: 30 * SECOND },
  ],
  msteamsv2: [
    { count: 4, perMs: SECOND },
    { count: 60, perMs: 30 * SECOND },
  ],
  // Nobody reads more, and a sender that writes more is taken for spam.
  email: [{ count: 30, perMs: MINUTE }],
  webhook: [],
  incident: [],
  builtin: [],
};

/** The windows of an integration: its own `rate_limit`, or what its type is known to bear. */
export function rateWindows(
  type: IntegrationType,
  perMinute: number | undefined,
): readonly RateWindow[] {
  if (perMinute !== undefined)
    return [{ count: Math.max(1, Math.floor(perMinute)), perMs: MINUTE }];
  return DEFAULTS[type] ?? [];
}

/** When the next call may leave, given when the last ones did (ms, oldest first); `nowMs` where at once. */
export function nextAllowedMs(
  windows: readonly RateWindow[],
  sentMs: readonly number[],
  nowMs: number,
): number {
  let at = nowMs;
  for (const { count, perMs } of windows) {
    const first = sentMs[sentMs.length - count];
    // A clock that was set back makes nobody wait for longer than the window.
    if (first !== undefined && first + perMs > nowMs)
      at = Math.max(at, Math.min(first, nowMs) + perMs);
  }
  return at;
}

/** What is to be remembered once a call leaves. */
export function withCall(
  windows: readonly RateWindow[],
  sentMs: readonly number[],
  nowMs: number,
): readonly number[] {
  const most = Math.max(0, ...windows.map((w) => w.count));
  const longest = Math.max(0, ...windows.map((w) => w.perMs));
  return [...sentMs, nowMs].filter((t) => t > nowMs - longest).slice(-most || sentMs.length + 1);
}

/** Whether forgetting the calls could break a limit: then they are written down, as the object may be evicted. */
export function worthKeeping(windows: readonly RateWindow[], sentMs: readonly number[]): boolean {
  return windows.some((w) => w.perMs >= 10 * SECOND && sentMs.length * 2 >= w.count);
}
