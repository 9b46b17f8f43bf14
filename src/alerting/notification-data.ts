import type { StringMap } from "../core/alerts";
import { renderDuration } from "../core/duration";
import { ROW_BYTES, firstWithin, jsonBytes, nestedJsonBytes } from "../core/stored-size";
import { compareAlerts } from "./label-order";
import type { NotifyReason, RoutedAlert } from "./model";

/** Alertmanager's webhook v4 message (docs/configuration.md, <webhook_config>), the source of every rendering. */
export interface NotificationData {
  readonly version: "4";
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly status: "firing" | "resolved";
  readonly receiver: string;
  readonly groupLabels: StringMap;
  readonly commonLabels: StringMap;
  readonly commonAnnotations: StringMap;
  readonly externalURL: string;
  readonly notification_reason: string;
  readonly alerts: readonly NotificationAlert[];
}

export interface NotificationAlert {
  readonly status: "firing" | "resolved";
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** RFC 3339. */
  readonly startsAt: string;
  /** Go's zero time while it fires. */
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

export interface NotificationSource {
  readonly groupKey: string;
  readonly receiver: string;
  readonly groupLabels: StringMap;
  readonly externalUrl: string;
  readonly reason: NotifyReason | "test";
  /** What lies beside it in its row: the integration that it is for. */
  readonly beside?: object;
}

const ZERO_TIME = "0001-01-01T00:00:00Z";
const MAX_DATA_CHARS = 800_000;
/** What all alerts have in common, in bytes: a message is about its alerts. */
const MAX_COMMON_BYTES = 200_000;

export function notificationData(
  source: NotificationSource,
  alerts: readonly RoutedAlert[],
): NotificationData {
  const sorted = [...alerts].sort(compareAlerts);
  const head = {
    status: sorted.some((a) => a.status === "firing") ? "firing" : "resolved",
    // Alertmanager hands the name out with RE2's special characters escaped.
    receiver: source.receiver.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`),
    groupLabels: withinBytes(source.groupLabels),
    commonLabels: withinBytes(common(sorted.map((a) => a.labels))),
    commonAnnotations: withinBytes(common(sorted.map(shownAnnotations))),
    externalURL: source.externalUrl,
    notification_reason: REASON_TEXT[source.reason],
  } as const;
  const { groupKey, beside = {} } = source;
  // The group's key stands in the message, and once more beside it.
  const taken = nestedJsonBytes([head, groupKey]) + jsonBytes([groupKey, beside]);
  const shown = shownOf(sorted, ROW_BYTES - taken);
  return {
    version: "4",
    groupKey,
    truncatedAlerts: sorted.length - shown.length,
    ...head,
    alerts: shown,
  };
}

/** What of a message its alerts may take: one of more of them helps nobody. */
function shownOf(alerts: readonly RoutedAlert[], maxBytes: number): readonly NotificationAlert[] {
  const all = alerts.map(alertData);
  const few = firstWithin(all, MAX_DATA_CHARS, (a) => JSON.stringify(a).length);
  return firstWithin(few, maxBytes, nestedJsonBytes);
}

/** The entries of a map that have room; whoever writes enormous labels must not keep others' messages from being stored. */
export function withinBytes(map: StringMap): StringMap {
  if (nestedJsonBytes(map) <= MAX_COMMON_BYTES) return map;
  let left = MAX_COMMON_BYTES;
  return Object.fromEntries(
    Object.entries(map).filter((entry) => (left -= nestedJsonBytes(entry)) >= 0),
  );
}

/** Alertmanager's own words for the reasons it knows. */
const REASON_TEXT: Readonly<Record<NotifyReason | "test", string>> = {
  first_notification: "first notification",
  new_alerts: "new alerts in group",
  resolved_alerts: "new resolved alerts",
  all_resolved: "all alerts resolved",
  repeat_interval: "repeat interval elapsed",
  window_ended: "maintenance window ended",
  flapping: "flapping",
  calm: "calm again after flapping",
  none: "do not notify",
  silenced: "silenced",
  inhibited: "inhibited",
  muted: "muted",
  maintenance: "maintenance",
  window_created: "maintenance window created",
  window_changed: "maintenance window changed",
  window_started: "maintenance window started",
  window_cancelled: "maintenance window cancelled",
  cooldown: "cooldown",
  resolved_not_wanted: "do not notify",
  test: "test",
};

/** RFC 3339 as Go prints it: no trailing zeros in the fraction. */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

function alertData(a: RoutedAlert): NotificationAlert {
  return {
    status: a.status,
    labels: a.labels,
    annotations: shownAnnotations(a),
    startsAt: goTime(a.startsAtMs),
    endsAt: a.status === "firing" ? ZERO_TIME : goTime(a.endsAtMs),
    generatorURL: a.generatorUrl,
    fingerprint: a.fingerprint,
  };
}

/** A message about an alert that flaps says so in every rendering, and that there will be no other. */
function shownAnnotations({ annotations, flapping }: RoutedAlert): StringMap {
  if (flapping === undefined) return annotations;
  const within = renderDuration(flapping.withinMs);
  const text = `changed its state ${flapping.changes} times within ${within}; nothing more is sent until it is calm`;
  return { ...annotations, flapping: text };
}

/** What all records agree on. */
export function common(records: readonly StringMap[]): StringMap {
  const first = records[0];
  if (first === undefined) return {};
  return Object.fromEntries(
    Object.entries(first).filter(([k, v]) => records.every((r) => r[k] === v)),
  );
}
