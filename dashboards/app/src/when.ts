import { formatTime } from "./format";
import { ENDLESS_MS, type Occurrence } from "./when-form";

/** When a silence or a window holds, in words. */
export function whenOf(
  h: Occurrence & {
    readonly schedule?: unknown;
    readonly occurrence?: Occurrence;
    readonly next?: Occurrence;
  },
): string {
  const span = h.occurrence ?? h.next ?? h;
  const from = formatTime(Date.parse(span.startsAt));
  const endless = Date.parse(span.endsAt) >= ENDLESS_MS;
  const times = endless ? `from ${from} on` : `${from} to ${formatTime(Date.parse(span.endsAt))}`;
  if (h.schedule === undefined) return times;
  return h.occurrence === undefined ? `recurs, next ${times}` : `recurs, now ${times}`;
}
