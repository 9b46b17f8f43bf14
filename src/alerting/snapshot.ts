import type { Route } from "./config";
import type { DedupVerdict } from "./dedup";
import type { HoldReason, NotifyReason, RoutedAlert } from "./model";
import {
  type Group,
  type RouterSettings,
  type RouterState,
  type ToldEntry,
  receiverByName,
  toldKey,
} from "./state";

/** One group at one moment: what its stages let pass, asked against what each integration knows. */
export interface Snapshot {
  readonly group: Group;
  readonly route: Route;
  readonly members: readonly RoutedAlert[];
  readonly passed: readonly RoutedAlert[];
  readonly suppressed: ReadonlyMap<string, HoldReason>;
  readonly nowMs: number;
}

/**
 * What a message may speak of: what passed, and beside it what fires in a maintenance window and is known,
 * so that the message does not say that all is over.
 */
export function speakable(s: Snapshot, told: ToldEntry | undefined): readonly RoutedAlert[] {
  if (told === undefined) return s.passed;
  const firing = new Set(told.firing);
  const known = s.members.filter(
    (a) =>
      a.status === "firing" &&
      s.suppressed.get(a.fingerprint) === "maintenance" &&
      firing.has(a.fingerprint),
  );
  return known.length === 0 ? s.passed : [...s.passed, ...known];
}

/** Somebody was told that it fires, and will be told that it does not when a maintenance window ends. */
export function isOwed(
  state: RouterState,
  settings: RouterSettings,
  s: Snapshot,
  alert: RoutedAlert,
): boolean {
  if (s.suppressed.get(alert.fingerprint) !== "maintenance") return false;
  return (receiverByName(settings.config, s.route.receiver)?.integrations ?? []).some((i) =>
    state.told.get(toldKey(s.group.key, i.id))?.firing.includes(alert.fingerprint),
  );
}

/** What an integration knows to fire and ended inside a maintenance window: it is still to be told. */
export function owed(
  s: Snapshot,
  told: ToldEntry | undefined,
  spoken: readonly RoutedAlert[],
): readonly string[] {
  const known = new Set(told?.firing);
  return s.members
    .filter((a) => a.status === "resolved" && known.has(a.fingerprint))
    .filter((a) => s.suppressed.get(a.fingerprint) === "maintenance" && !spoken.includes(a))
    .map((a) => a.fingerprint);
}

export function fingerprints(
  alerts: readonly RoutedAlert[],
  status: RoutedAlert["status"],
): ReadonlySet<string> {
  return new Set(alerts.filter((a) => a.status === status).map((a) => a.fingerprint));
}

/** Those that fire and flap. */
export function flappingOf(alerts: readonly RoutedAlert[]): ReadonlySet<string> {
  return new Set(
    alerts
      .filter((a) => a.status === "firing" && a.flapping !== undefined)
      .map((a) => a.fingerprint),
  );
}

/** What is new because a maintenance window has ended says so. */
export function reasonOf(s: Snapshot, { reason }: DedupVerdict): NotifyReason {
  const news = reason === "first_notification" || reason === "new_alerts";
  return news && s.group.released === true ? "window_ended" : reason;
}
