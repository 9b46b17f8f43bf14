import type { OutgoingNotification } from "../core/objects";

/** A message in the outbox, oldest first by `seq`. */
export interface QueuedMessage {
  readonly seq: number;
  readonly notification: OutgoingNotification;
  readonly enqueuedAtMs: number;
  readonly attempts: number;
  readonly nextAttemptMs: number;
}

/**
 * Which messages to send now: of each group the oldest, if its time has come and none of the
 * group is on its way, so that a group's messages arrive in order and a stuck group holds up no other.
 */
export function nextToSend(
  queue: readonly QueuedMessage[],
  groupsUnderWay: ReadonlySet<string>,
  holdUntilMs: number,
  room: number,
  nowMs: number,
): readonly QueuedMessage[] {
  if (nowMs < holdUntilMs) return [];
  const seen = new Set(groupsUnderWay);
  const out: QueuedMessage[] = [];
  for (const m of queue) {
    if (out.length >= room) break;
    const group = m.notification.groupKey;
    if (seen.has(group)) continue;
    seen.add(group);
    if (m.nextAttemptMs <= nowMs) out.push(m);
  }
  return out;
}

/** When to look again: the earliest head of a group, not before the hold ends. */
export function nextWake(queue: readonly QueuedMessage[], holdUntilMs: number): number | undefined {
  const seen = new Set<string>();
  let first: number | undefined;
  for (const m of queue) {
    if (seen.has(m.notification.groupKey)) continue;
    seen.add(m.notification.groupKey);
    const at = Math.max(m.nextAttemptMs, holdUntilMs);
    if (first === undefined || at < first) first = at;
  }
  return first;
}

/**
 * Messages of the same group that need not be sent any more: they failed at least once, and the
 * newer one speaks of every alert they speak of.
 */
export function supersededBy(
  newer: OutgoingNotification,
  queue: readonly QueuedMessage[],
  underWay: ReadonlySet<number>,
): readonly QueuedMessage[] {
  const spoken = alertsOf(newer.dataJson);
  return queue.filter(
    (m) =>
      m.notification.groupKey === newer.groupKey &&
      m.attempts > 0 &&
      !underWay.has(m.seq) &&
      [...alertsOf(m.notification.dataJson)].every((f) => spoken.has(f)),
  );
}

function alertsOf(dataJson: string): ReadonlySet<string> {
  const data = JSON.parse(dataJson) as {
    readonly alerts?: readonly { readonly fingerprint?: string }[];
  };
  return new Set((data.alerts ?? []).map((a) => a.fingerprint ?? ""));
}
