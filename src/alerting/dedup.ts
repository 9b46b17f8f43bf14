import type { NotifyReason } from "./model";
import type { ToldEntry } from "./state";

export interface DedupQuestion {
  readonly told: ToldEntry | undefined;
  /** Fingerprints that fire and may be spoken of. */
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /** Those of `firing` whose rule's cooldown holds a notification back. */
  readonly heldBack: ReadonlySet<string>;
  /** Those of `firing` that flap. */
  readonly flapping: ReadonlySet<string>;
  readonly sendResolved: boolean;
  readonly repeatIntervalMs: number;
}

export interface DedupVerdict {
  readonly send: boolean;
  readonly reason: NotifyReason;
}

/**
 * Whether a group's state is news to an integration, as Alertmanager's dedup stage decides it,
 * with two reasons more: an alert in cooldown that the receiver does not know of is no news, and one that
 * flaps is news when it begins to and when it is calm, and never between.
 */
export function dedup(q: DedupQuestion, nowMs: number): DedupVerdict {
  const known = new Set(q.told?.firing);
  const fresh = [...q.firing].filter((f) => !known.has(f));
  const news = fresh.filter((f) => !q.heldBack.has(f));
  const cooling = fresh.length > news.length;
  const no: DedupVerdict = { send: false, reason: cooling ? "cooldown" : "none" };
  if (news.length > 0) {
    if (news.every((f) => q.flapping.has(f))) return { send: true, reason: "flapping" };
    return { send: true, reason: q.told === undefined ? "first_notification" : "new_alerts" };
  }
  if (q.told === undefined) return no;
  const live = q.firing.size - fresh.length;
  if (live === 0) {
    if (q.told.firing.length === 0) return no;
    return { send: true, reason: "all_resolved" };
  }
  const announced = new Set(q.told.flapping);
  const turned = [...q.firing].filter(
    (f) => known.has(f) && !q.heldBack.has(f) && q.flapping.has(f) !== announced.has(f),
  );
  if (turned.some((f) => q.flapping.has(f))) return { send: true, reason: "flapping" };
  if (turned.length > 0) return { send: true, reason: "calm" };
  const toldResolved = new Set(q.told.resolved);
  if (q.sendResolved && [...q.resolved].some((f) => !toldResolved.has(f)))
    return { send: true, reason: "resolved_alerts" };
  const steady = [...q.firing].some((f) => known.has(f) && !q.flapping.has(f));
  if (steady && nowMs - q.told.atMs >= q.repeatIntervalMs)
    return { send: true, reason: "repeat_interval" };
  return no;
}
