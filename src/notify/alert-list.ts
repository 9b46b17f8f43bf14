import type { NotificationAlert, NotificationData } from "../alerting/notification-data";
import { alertName, alertText, alertsLink, cutEscaped, isWeb, labelsLine, linksOf } from "./texts";

/** How a service writes what a list of alerts is made of. */
export interface Markup {
  readonly escape: (text: string) => string;
  /** Take text that is escaped already. */
  readonly bold: (text: string) => string;
  readonly italic: (text: string) => string;
  /** `text` is escaped already, `url` is not. */
  readonly link: (text: string, url: string) => string;
  readonly newline: string;
  /** Between two alerts. */
  readonly gap: string;
}

interface AlertList {
  readonly text: string;
  /** Alerts that found no room. */
  readonly missing: number;
}

/** Of one alert's text this much is shown where there are others beside it. */
const SHARED_CHARS = 1_500;
/** An address beyond this is left out: it would stand where an alert could. */
export const MAX_URL = 300;
const REST_CHARS = 60;

/**
 * One paragraph an alert, as many as `max` allows, then how many are missing and where they are. A
 * paragraph is cut before it is escaped, so that no markup is ever cut in two.
 */
export function alertList(
  data: NotificationData,
  markup: Markup,
  max: number,
  measure: (text: string) => number = (t) => t.length,
): AlertList {
  const room = max - measure(restLine(data, markup, 9_999_999)) - measure(markup.gap);
  const each = data.alerts.length > 1 ? Math.min(SHARED_CHARS, room) : room;
  let text = "";
  let shown = 0;
  for (const a of data.alerts) {
    const paragraph = `${shown === 0 ? "" : markup.gap}${alertParagraph(a, markup, each, measure)}`;
    if (measure(text) + measure(paragraph) > room) break;
    text += paragraph;
    shown++;
  }
  const missing = data.alerts.length - shown + data.truncatedAlerts;
  if (missing === 0) return { text, missing };
  const rest = restLine(data, markup, missing);
  return { text: text === "" ? rest : `${text}${markup.gap}${rest}`, missing };
}

/** `…and 7 more`, with the address of the rest. */
function restLine(data: NotificationData, markup: Markup, missing: number): string {
  const words = markup.escape(`…and ${missing} more. `);
  const link = alertsLink(data);
  const where = markup.escape("See all alerts");
  return isWeb(link) && link.length <= MAX_URL
    ? words + markup.link(where, link)
    : cutEscaped(`…and ${missing} more. See all alerts in Vedette`, REST_CHARS, markup.escape);
}

/** Name, text, labels and links of one alert in at most `max`. */
export function alertParagraph(
  a: NotificationAlert,
  markup: Markup,
  max: number,
  measure: (text: string) => number = (t) => t.length,
): string {
  const { escape, newline } = markup;
  const mark = a.status === "firing" ? "🔴" : "🟢";
  const head = `${mark} ${markup.bold(cutEscaped(alertName(a), max / 4, escape, measure))}`;
  const links = linksOf(a)
    .filter(({ url }) => url.length <= MAX_URL)
    .map(({ text, url }) => markup.link(escape(text), url))
    .join(" · ");
  const tail = links === "" ? "" : newline + links;
  let left = max - measure(head) - measure(tail) - 2 * measure(newline);
  const lines = (text: string): string => text.split("\n").map(escape).join(newline);
  const said = cutEscaped(alertText(a), (left * 2) / 3, lines, measure);
  left -= measure(said) + measure(markup.italic(""));
  const labels = cutEscaped(labelsLine(a), left, escape, measure);
  return (
    [head, said, labels === "" ? "" : markup.italic(labels)].filter((l) => l !== "").join(newline) +
    tail
  );
}
