import type { AlertInstance } from "../core/alerts";
import type { RoutedAlert } from "./model";
import type { Outcome, RouterState } from "./state";

/** An alert that a person has ended, while its source still sends it. */
export interface Dismissal {
  readonly fingerprint: string;
  readonly source: string;
  readonly by: string;
  readonly atMs: number;
  /** When the alert expires unless its source sends it again; moves on in memory alone. */
  endsAtMs: number;
}

/** A source that has been silent for so long after an alert's expiry is not thought to send it still. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Ends an alert by hand: it is resolved to everybody, and what its source goes on sending is left
 * aside until the source resolves it. False where no such alert fires.
 */
export function dismiss(
  state: RouterState,
  fingerprint: string,
  by: string,
  nowMs: number,
  out: Outcome,
): boolean {
  const alert = state.alerts.get(fingerprint);
  if (alert === undefined || alert.status !== "firing") return false;
  const { source, endsAtMs } = alert;
  state.dismissed.set(fingerprint, { fingerprint, source, by, atMs: nowMs, endsAtMs });
  state.dirty.dismissed.add(fingerprint);
  // What it flapped between is over as well.
  delete alert.flapping;
  alert.status = "resolved";
  alert.endsAtMs = nowMs;
  alert.updatedAtMs = nowMs;
  state.alertsVersion++;
  state.dirty.alerts.add(fingerprint);
  out.changes.push(dismissed(alert, by));
  return true;
}

/**
 * Whether what a source says of an alert is left aside because a person ended it. The dismissal is over
 * when the source resolves the alert, or sends one that began later: `whole` sources, which repeat their
 * full set, after the dismissal; others, whose alerts may come without a beginning, after its expiry.
 */
export function isDismissed(
  state: RouterState,
  fingerprint: string,
  instance: Pick<AlertInstance, "status" | "startsAtMs" | "endsAtMs">,
  source: string,
  whole: boolean,
): boolean {
  const dismissal = state.dismissed.get(fingerprint);
  if (dismissal === undefined) return false;
  if (instance.status === "resolved") {
    if (source === dismissal.source) forget(state, fingerprint);
    return false;
  }
  if (instance.startsAtMs > (whole ? dismissal.atMs : dismissal.endsAtMs)) {
    forget(state, fingerprint);
    return false;
  }
  dismissal.endsAtMs = Math.max(dismissal.endsAtMs, instance.endsAtMs);
  return true;
}

/** A full set without the alert has resolved it. */
export function forgetAbsent(
  state: RouterState,
  source: string,
  present: ReadonlySet<string>,
): void {
  for (const d of state.dismissed.values())
    if (d.source === source && !present.has(d.fingerprint)) forget(state, d.fingerprint);
}

/** Forgets what no source has sent for long. */
export function forgetOldDismissals(state: RouterState, nowMs: number): void {
  for (const d of state.dismissed.values())
    if (d.endsAtMs + KEPT_MS <= nowMs) forget(state, d.fingerprint);
}

function forget(state: RouterState, fingerprint: string): void {
  state.dismissed.delete(fingerprint);
  state.dirty.dismissed.add(fingerprint);
}

function dismissed(a: RoutedAlert, by: string): Outcome["changes"][number] {
  return {
    fingerprint: a.fingerprint,
    labels: a.labels,
    annotations: a.annotations,
    status: "resolved",
    startsAtMs: a.startsAtMs,
    endedAtMs: a.endsAtMs,
    value: Number.isFinite(a.value) ? a.value : null,
    endedBy: "dismissed",
    dismissedBy: by,
  };
}
