import { renderDuration } from "../../core/duration";
import { quote } from "../../promql/quoting";

/** A comparison of how often something happened within a time. */
export interface CountCheck {
  readonly op: "<" | "<=" | ">" | ">=";
  readonly count: number;
  readonly inMs: number;
}

/** A derived counter of events or log lines, with the matchers that pick its series. */
export interface Happening {
  readonly selector: string;
}

/** Accumulated counters forget what they counted after a day of silence (`src/tsdb/accumulators.ts`). */
export const MAX_COUNT_WINDOW_MS = 24 * 3_600_000;
const MEMORY = "1d";
/** An evaluation may be missed for this long without the alert forgetting that it stands. */
const STANDING = "1h";

export function eventSelector(event: string): string {
  return `events_total{event=${quote(event)}}`;
}

/** Lines of these levels and of this service; without either, all. */
export function logSelector(levels: readonly string[], service: string | undefined): string {
  const parts = [
    ...(levels.length === 0
      ? []
      : [
          levels.length === 1
            ? `level=${quote(levels[0] as string)}`
            : `level=~${quote(levels.join("|"))}`,
        ]),
    ...(service === undefined ? [] : [`service=${quote(service)}`]),
  ];
  return parts.length === 0 ? "log_lines_total" : `log_lines_total{${parts.join(",")}}`;
}

/**
 * How often something happened in the last `inMs`, compared. Exact, unlike `increase()`, which extrapolates: the
 * counter's value now less its value at the window's beginning, or less its first value in the window where it
 * began there. Nothing counts as 0. A check for too few holds back until the window is known from its
 * beginning, unless `fromStart`; an alert that stands keeps itself known, however long the silence.
 */
export function countExpr(
  selector: string,
  check: CountCheck,
  o: { readonly alert: string; readonly by: readonly string[]; readonly fromStart: boolean },
): string {
  const over = renderDuration(check.inMs);
  const risen = `last_over_time(${selector}[${over}]) - (${selector} offset ${over} or min_over_time(${selector}[${over}]))`;
  const sum = total("sum", o.by, risen);
  const { op, count } = check;
  if (op === ">" || op === ">=") return `${sum} ${op} ${count}`;
  if (o.fromStart && o.by.length === 0) return `(${sum} or vector(0)) ${op} ${count}`;
  const known = `(${total("count", o.by, `last_over_time(${selector}[${MEMORY}] offset ${over})`)} or ${standing(o)})`;
  const zero = o.by.length === 0 ? "vector(0)" : `0 * ${known}`;
  return `((${sum} or ${zero}) ${op} ${count}) and on (${o.by.join(", ")}) ${known}`;
}

/**
 * Series that were there and have not been seen for `forMs`; one per `by`. `fromStart` also tells of a metric
 * that never was. The alert's own series keep it standing when the last sample is long gone.
 */
export function absenceExpr(
  selector: string,
  forMs: number,
  o: { readonly alert: string; readonly by: readonly string[]; readonly fromStart: boolean },
): string {
  const over = renderDuration(forMs);
  if (o.fromStart) return `absent_over_time(${selector}[${over}])`;
  const before = total("count", o.by, `last_over_time(${selector}[${STANDING}] offset ${over})`);
  const within = total("count", o.by, `last_over_time(${selector}[${over}])`);
  return `(${before} or ${standing(o)}) unless ${within}`;
}

function standing(o: { readonly alert: string; readonly by: readonly string[] }): string {
  return total("count", o.by, `last_over_time(ALERTS{alertname=${quote(o.alert)}}[${STANDING}])`);
}

function total(op: string, by: readonly string[], expr: string): string {
  return by.length === 0 ? `${op}(${expr})` : `${op} by (${by.join(", ")}) (${expr})`;
}
