import type { Occurrence } from "./api/silences";
import { formatTime } from "./format";

/** When a silence or a window holds, in words. */
export function whenOf(
  h: Occurrence & {
    readonly schedule?: unknown;
    readonly occurrence?: Occurrence;
    readonly next?: Occurrence;
  },
): string {
  const span = h.occurrence ?? h.next ?? h;
  const times = `${formatTime(Date.parse(span.startsAt))} to ${formatTime(Date.parse(span.endsAt))}`;
  if (h.schedule === undefined) return times;
  return h.occurrence === undefined ? `recurs, next ${times}` : `recurs, now ${times}`;
}
