import type { Fields } from "../../alerting/yaml-fields";
import { renderDuration } from "../../core/duration";
import type { LogLevel } from "../../core/logs";
import { inside, parsed } from "./condition-text";
import { MAX_COUNT_WINDOW_MS, absenceExpr, countExpr, eventSelector, logSelector } from "./counts";
import { type Text, countCheckOf, durationOf, textList, textOf } from "./fields";
import type { WatchContext, Watched } from "./model";
import { suggestion } from "./suggestion";
import { thresholdOf } from "./threshold";

/** What log lines are kept under. */
const LEVELS: readonly string[] = ["debug", "info", "warn", "error", "fatal"] satisfies LogLevel[];

/** Takes the fields that say what a rule watches. @throws Refused */
export function watchedOf(f: Fields, c: WatchContext): Watched {
  const by = textList(f, "by").map((t) => labelName(f, t));
  const fromStart = f.flag("from_start", false);
  const event = textOf(f, "event");
  const logs = f.fields("logs");
  if (event !== undefined && logs !== undefined)
    f.file.refuse(event.node, "value_wrong", "a rule is on an event or on logs, not on both");
  const about = { alert: c.name, by, fromStart };
  if (event !== undefined) {
    if (event.text === "") f.missing("event");
    return happening(f, {
      ...about,
      selector: eventSelector(event.text),
      what: event.text,
      labels: { event: event.text },
    });
  }
  if (logs !== undefined) {
    const levels = textList(logs, "level").map((t) =>
      LEVELS.includes(t.text)
        ? t.text
        : f.file.refuse(
            t.node,
            "value_wrong",
            `unknown level ${JSON.stringify(t.text)}${suggestion(t.text, LEVELS)}; levels are ${LEVELS.join(", ")}`,
          ),
    );
    const service = logs.text("service");
    logs.end();
    const what = `${`${levels.join(" or ")} log lines`.trim()}${service === undefined ? "" : ` of ${service}`}`;
    return happening(f, {
      ...about,
      selector: logSelector(levels, service),
      what,
      labels: service === undefined ? {} : { service },
    });
  }
  const absentFor = durationOf(f, "absent_for");
  if (absentFor !== undefined) return absent(f, c, absentFor.ms, about);
  return thresholdOf(f, c, by);
}

interface About {
  readonly alert: string;
  readonly by: readonly string[];
  readonly fromStart: boolean;
}

function happening(
  f: Fields,
  about: About & {
    readonly selector: string;
    readonly what: string;
    readonly labels: Readonly<Record<string, string>>;
  },
): Watched {
  const absentFor = durationOf(f, "absent_for");
  const condition = textOf(f, "condition");
  const check =
    absentFor === undefined
      ? countCheckOf(f, condition)
      : { op: "<" as const, count: 1, inMs: absentFor.ms };
  if (check.inMs === 0 || check.inMs > MAX_COUNT_WINDOW_MS)
    f.file.refuse(
      absentFor?.node ?? condition?.node ?? f.node,
      "value_wrong",
      `events and log lines are counted over at most ${renderDuration(MAX_COUNT_WINDOW_MS)}: their counters forget what is older`,
    );
  if (check.op === "<" && check.count === 0)
    f.file.refuse(condition?.node ?? f.node, "value_wrong", "fewer than 0 never holds");
  const words = { "<": "fewer than", "<=": "at most", ">": "more than", ">=": "at least" };
  const text =
    absentFor === undefined
      ? `${words[check.op]} ${check.count} ${about.what} in ${renderDuration(check.inMs)}`
      : `no ${about.what} for ${renderDuration(check.inMs)}`;
  return {
    condition: text,
    expr: countExpr(about.selector, check, about),
    metrics: [],
    labels: about.labels,
    value: "{{ $value }}",
  };
}

function absent(f: Fields, c: WatchContext, forMs: number, about: About): Watched {
  const metric = textOf(f, "metric");
  if (metric === undefined)
    return f.file.refuse(
      f.node,
      "field_missing",
      `${f.path}: absent_for needs metric, event or logs`,
    );
  const condition = parsed(c, metric);
  if (condition.kind !== "path")
    return f.file.refuse(metric.node, "value_wrong", "absent_for needs a metric's path");
  const { expr, metrics } = inside(c, metric.node, () =>
    c.naming.resolve(condition, { unit: undefined, by: [], windowMs: c.windowMs }),
  );
  if (!SELECTOR.test(expr))
    f.file.refuse(
      metric.node,
      "value_wrong",
      "absent_for needs a metric itself, without an aggregate",
    );
  return {
    condition: `${metric.text} absent for ${renderDuration(forMs)}`,
    expr: absenceExpr(expr, forMs, about),
    metrics,
    labels: {},
    value: "no sample",
  };
}

const SELECTOR = /^[A-Za-z_:][A-Za-z0-9_:]*(?:\{[^{}]*\})?$/;

function labelName(f: Fields, t: Text): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(t.text))
    f.file.refuse(t.node, "value_wrong", `by: not a label's name: ${JSON.stringify(t.text)}`);
  return t.text;
}
