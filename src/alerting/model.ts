import type { StringMap } from "../core/alerts";
import type { Matcher } from "../core/matchers";

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
  acknowledgedBy: string | undefined;
  /** When its status last changed. */
  updatedAtMs: number;
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
  readonly heldBackUntilMs?: number;
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
  readonly createdBy: string;
  readonly comment: string;
  readonly updatedAtMs: number;
}

/** Why a notification leaves, or why there is none. */
export type NotifyReason = SendReason | HoldReason;

export type SendReason =
  | "first_notification"
  | "new_alerts"
  | "resolved_alerts"
  | "all_resolved"
  | "repeat_interval";

export type HoldReason =
  /** Nothing changed that the receiver does not know. */
  | "none"
  | "silenced"
  | "inhibited"
  /** A time interval of the route mutes it now. */
  | "muted"
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
