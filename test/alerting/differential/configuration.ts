import { type Case, type CaseRoute, INTERVALS, RESOLVE_TIMEOUT_MS } from "./case";

/**
 * The configuration of all cases together, each under its own route by the label `case`. JSON is YAML.
 * `boundaryMs`: the full minute at which `before` ends and `after` begins.
 */
export function configurationOf(
  cases: readonly Pick<Case, "id" | "route" | "receivers" | "inhibitRules">[],
  hookUrl: string,
  boundaryMs: number,
): string {
  const minute = clockOf(boundaryMs);
  const day = dayOf(boundaryMs);
  const all = { days_of_month: ["1:31"] };
  return JSON.stringify({
    global: { resolve_timeout: `${RESOLVE_TIMEOUT_MS}ms` },
    route: {
      receiver: "nobody",
      group_by: ["alertname"],
      group_wait: "1s",
      group_interval: "2s",
      repeat_interval: "5s",
      routes: cases.map((c) => routeOf(c.route)),
    },
    receivers: [
      { name: "nobody" },
      ...cases.flatMap((c) =>
        c.receivers.map((receiver) => ({
          name: receiver.name,
          webhook_configs: receiver.sendResolved.map((sendResolved, i) => ({
            url: `${hookUrl}/${receiver.name}/${i}`,
            send_resolved: sendResolved,
          })),
        })),
      ),
    ],
    inhibit_rules: cases.flatMap((c) =>
      c.inhibitRules.map((rule) => ({
        source_matchers: [`case="${c.id}"`, ...rule.source],
        target_matchers: [`case="${c.id}"`, ...rule.target],
        equal: rule.equal,
      })),
    ),
    time_intervals: [
      { name: INTERVALS.always, time_intervals: [all] },
      { name: INTERVALS.never, time_intervals: [{ years: ["1999"] }] },
      {
        name: INTERVALS.before,
        time_intervals: [{ ...day, times: [{ start_time: "00:00", end_time: minute }] }],
      },
      {
        name: INTERVALS.after,
        time_intervals: [{ ...day, times: [{ start_time: minute, end_time: "24:00" }] }],
      },
    ],
  });
}

function routeOf(r: CaseRoute): unknown {
  return {
    matchers: r.matchers,
    ...(r.receiver === undefined ? {} : { receiver: r.receiver }),
    ...(r.groupBy === undefined ? {} : { group_by: r.groupBy }),
    ...(r.groupWaitMs === undefined ? {} : { group_wait: `${r.groupWaitMs}ms` }),
    ...(r.groupIntervalMs === undefined ? {} : { group_interval: `${r.groupIntervalMs}ms` }),
    ...(r.repeatIntervalMs === undefined ? {} : { repeat_interval: `${r.repeatIntervalMs}ms` }),
    ...(r.mute.length === 0 ? {} : { mute_time_intervals: r.mute }),
    ...(r.active.length === 0 ? {} : { active_time_intervals: r.active }),
    continue: r.continue,
    ...(r.routes.length === 0 ? {} : { routes: r.routes.map(routeOf) }),
  };
}

function clockOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

function dayOf(ms: number): object {
  const d = new Date(ms);
  return {
    years: [String(d.getUTCFullYear())],
    months: [String(d.getUTCMonth() + 1)],
    days_of_month: [String(d.getUTCDate())],
  };
}
