/** A message in the outbox, oldest first by `seq`. */
export interface QueuedMessage {
  readonly seq: number;
  readonly groupKey: string;
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
  room: number,
  nowMs: number,
): readonly QueuedMessage[] {
  const seen = new Set(groupsUnderWay);
  const out: QueuedMessage[] = [];
  for (const m of queue) {
    if (out.length >= room) break;
    if (seen.has(m.groupKey)) continue;
    seen.add(m.groupKey);
    if (m.nextAttemptMs <= nowMs) out.push(m);
  }
  return out;
}

/** When to look again: the earliest head of a group, not before the receiver may be called. */
export function nextWake(queue: readonly QueuedMessage[], allowedMs: number): number | undefined {
  const seen = new Set<string>();
  let first: number | undefined;
  for (const m of queue) {
    if (seen.has(m.groupKey)) continue;
    seen.add(m.groupKey);
    const at = Math.max(m.nextAttemptMs, allowedMs);
    if (first === undefined || at < first) first = at;
  }
  return first;
}

/** A waiting message of a group with the fingerprints of its alerts. */
export interface WaitingMessage extends QueuedMessage {
  readonly alerts: readonly string[];
}

/**
 * Waiting messages of the same group that need not be sent any more: they failed at least once, and the
 * newer one speaks of every alert they speak of.
 */
export function supersededBy<T extends WaitingMessage>(
  newer: readonly string[],
  waiting: readonly T[],
): readonly T[] {
  const spoken = new Set(newer);
  return waiting.filter((m) => m.attempts > 0 && m.alerts.every((f) => spoken.has(f)));
}

/** From this many failures on a group's messages are made one, as they are where the whole receiver waits. */
const PATIENCE = 3;

/**
 * Whether what waits for a group becomes one with a newer message instead of queueing behind it: the receiver is
 * held or limited, or the group has failed for a while. A short failure leaves each message its own.
 */
export function shouldMerge(waiting: readonly QueuedMessage[], receiverWaits: boolean): boolean {
  return waiting.length > 0 && (receiverWaits || waiting.some((m) => m.attempts >= PATIENCE));
}
