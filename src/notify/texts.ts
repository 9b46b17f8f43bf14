import type { NotificationAlert, NotificationData } from "../alerting/notification-data";

/** `[FIRING:2] HighErrors (shop critical)`, the first line of every message. */
export function titleOf(data: NotificationData): string {
  const firing = data.alerts.filter((a) => a.status === "firing").length;
  const state = data.status === "firing" ? `FIRING:${firing}` : "RESOLVED";
  const group = Object.values(data.groupLabels).join(" ");
  const rest = Object.entries(data.commonLabels)
    .filter(([k]) => !Object.hasOwn(data.groupLabels, k))
    .map(([, v]) => v)
    .join(" ");
  return `[${state}] ${group}${rest === "" ? "" : ` (${rest})`}`;
}

/** What one alert says for itself: its summary, its description, or its labels. */
export function alertText(alert: NotificationAlert): string {
  const summary = alert.annotations["summary"];
  const description = alert.annotations["description"];
  const said = [summary, description].filter((t) => t !== undefined && t !== "");
  return said.length > 0 ? said.join("\n") : alertName(alert);
}

export function alertName(alert: NotificationAlert): string {
  return alert.labels["alertname"] ?? alert.fingerprint;
}

/** Cut to at most `max` UTF-16 units, never inside a surrogate pair, with an ellipsis. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 2] ?? "") ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}

/** Where a reader finds the rest. */
export function alertsLink(data: NotificationData): string {
  return `${data.externalURL}/alerts`;
}
