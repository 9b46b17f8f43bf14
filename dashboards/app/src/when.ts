import type { Occurrence } from "./api/silences";
import { formatTime } from "./format";

/** What has no end ends here, as Alertmanager's API wants an end of everything. */
const ENDLESS = Date.UTC(9999, 0, 1);

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
  const endless = Date.parse(span.endsAt) >= ENDLESS;
  const times = endless ? `from ${from} on` : `${from} to ${formatTime(Date.parse(span.endsAt))}`;
  if (h.schedule === undefined) return times;
  return h.occurrence === undefined ? `recurs, next ${times}` : `recurs, now ${times}`;
}
