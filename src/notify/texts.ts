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

/** What to do about the alert, as the annotation says by convention, and the expression that it comes of. */
export function linksOf(
  alert: NotificationAlert,
): readonly { readonly text: string; readonly url: string }[] {
  return [
    { text: "Runbook", url: alert.annotations["runbook_url"] ?? "" },
    { text: "Source", url: alert.generatorURL },
  ].filter(({ url }) => isWeb(url));
}

/** Every label but the name: `severity=critical  instance=a`. */
export function labelsLine(alert: NotificationAlert): string {
  return Object.entries(alert.labels)
    .filter(([k]) => k !== "alertname")
    .map(([k, v]) => `${k}=${v}`)
    .join("  ");
}

/** Why the message was sent, in Alertmanager's words. */
export function reasonLine(data: NotificationData): string {
  return `Sent because: ${data.notification_reason}`;
}

/** Cut to at most `max` UTF-16 units, never inside a surrogate pair, with an ellipsis. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 2] ?? "") ? max - 2 : max - 1;
  return `${text.slice(0, Math.max(end, 0))}…`;
}

/** The longest beginning of `text` that `measure` finds to be at most `max` once it is escaped; never cut inside an escape. */
export function cutEscaped(
  text: string,
  max: number,
  escape: (text: string) => string,
  measure: (text: string) => number = (t) => t.length,
): string {
  const whole = escape(text);
  if (measure(whole) <= max) return whole;
  let fits = 0;
  let over = text.length;
  while (over - fits > 1) {
    const half = (fits + over) >> 1;
    if (measure(escape(cut(text, half))) <= max) fits = half;
    else over = half;
  }
  return fits === 0 ? "" : escape(cut(text, fits));
}

/** Where a reader finds the rest. */
export function alertsLink(data: NotificationData): string {
  return `${data.externalURL}/alerts`;
}

export function isWeb(url: string): boolean {
  return /^https?:\/\/[^\s<>"|]+$/.test(url);
}

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();
