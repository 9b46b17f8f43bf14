import type { FlapSettings, StringMap } from "../core/alerts";
import type { Matcher } from "../core/matchers";
import type { Schedule } from "./schedule";

/** An alert as the router keeps it. Mutable inside the router's state alone. */
export interface RoutedAlert {
  readonly fingerprint: string;
  readonly source: string;
  readonly labels: StringMap;
  annotations: StringMap;
  status: "firing" | "resolved";
  startsAtMs: number;
  /** Resolved: when it ended. Firing: when it expires unless its source sends it again. */
  endsAtMs: number;
  generatorUrl: string;
  value: number;
  /** Notifications because of this alert are held back until then. */
  heldBackUntilMs: number | undefined;
  /** No notification that it fires follows within so much of another. */
  cooldownMs?: number;
  flap?: FlapSettings;
  /** While it flaps it counts as firing, whatever its source says; absent where it does not. */
  flapping?: Flapping;
  acknowledgedBy: string | undefined;
  /** Posted without an end: the one that it has is assumed, and gives way to one that is told. */
  endAssumed?: true;
  /**
   * Posted again and again, for so long each time. Such an alert is written when that is first seen, not each
   * time, so that the end in storage is older than the one in memory.
   */
  lifetimeMs?: number;
  /** Posted, and given that lifetime once more since nobody may have been able to post it. */
  onProbation?: true;
  /** Groups that have told its resolution while others have not. */
  leftGroups?: readonly string[];
  /** When its status last changed. */
  updatedAtMs: number;
  /** When it was last posted. Moves on without a row. */
  heardAtMs?: number;
}

export interface Flapping {
  readonly sinceMs: number;
  /** Changes of state that made it count as flapping. */
  readonly changes: number;
  readonly withinMs: number;
}

/** What the API and the live page show of an alert. */
export interface ActiveAlert {
  readonly fingerprint: string;
  readonly source: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly status: "firing" | "suppressed" | "resolved";
  /** Ids of the silences that hold now. */
  readonly silencedBy: readonly string[];
  /** Fingerprints of the alerts that inhibit it now. */
  readonly inhibitedBy: readonly string[];
  /** Ids of the maintenance windows that hold now. */
  readonly maintenanceBy: readonly string[];
  /** Some receiver has been told of it and will not be again before then. */
  readonly heldBackUntilMs?: number;
  /** It changes its state so often that it is told once, until it is calm; `reported` is what its source says now. */
  readonly flapping?: Flapping & { readonly reported: "firing" | "resolved" };
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly generatorUrl: string;
  readonly value: number | null;
  readonly acknowledgedBy?: string;
  readonly incidentId?: string;
  readonly receivers: readonly string[];
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** Where it recurs: it holds in the stretches of this alone, all of them between its start and end. */
  readonly schedule?: Schedule;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: StringMap;
  readonly updatedAtMs: number;
}

/** Why a notification leaves, or why there is none. */
export type NotifyReason = SendReason | HoldReason | WindowEventKind;

export type SendReason =
  | "first_notification"
  | "new_alerts"
  | "resolved_alerts"
  | "all_resolved"
  | "repeat_interval"
  /** New to the receiver as well, but a maintenance window kept it until now. */
  | "window_ended"
  /** An alert has begun to flap: the last word on it until it is calm. */
  | "flapping"
  /** An alert that flapped is calm, and fires. */
  | "calm";

/** What becomes of a maintenance window. */
export type WindowEventKind =
  | "window_created"
  | "window_changed"
  | "window_started"
  | "window_ended"
  | "window_cancelled";

export type HoldReason =
  /** Nothing changed that the receiver does not know. */
  | "none"
  | "silenced"
  | "inhibited"
  /** A time interval of the route mutes it now. */
  | "muted"
  /** A maintenance window holds. */
  | "maintenance"
  /** The rule's cooldown holds it back. */
  | "cooldown"
  /** Only resolutions, and the integration does not want those. */
  | "resolved_not_wanted";

/** One decision of the pipeline that is worth remembering, newest decisions first in the log. */
export interface NotificationLogEntry {
  readonly id: string;
  readonly atMs: number;
  readonly groupKey: string;
  readonly receiver: string;
  /** `<receiver>/<type>/<index>`. */
  readonly integration: string;
  readonly decision: "sent" | "held";
  readonly reason: NotifyReason;
  readonly status: "firing" | "resolved";
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  /** Fingerprints that a stage took out, with the stage's reason. */
  readonly suppressed: Readonly<Record<string, HoldReason>>;
  /** The names of the group's alerts, for the history. Absent in entries of an earlier version. */
  readonly alertNames?: readonly string[];
}

/** One group as the API shows it. */
export interface AlertGroupView {
  readonly key: string;
  readonly receiver: string;
  readonly labels: StringMap;
  readonly nextFlushMs: number;
  readonly alerts: readonly ActiveAlert[];
}
