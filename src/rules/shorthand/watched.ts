import type { Node } from "yaml";
import type { Fields } from "../../alerting/yaml-fields";
import { renderDuration } from "../../core/duration";
import { NotCompiled, compileCondition } from "./compile-condition";
import type { LogLevel } from "../../core/logs";
import { type Condition, parseCondition } from "./condition";
import { MAX_COUNT_WINDOW_MS, absenceExpr, countExpr, eventSelector, logSelector } from "./counts";
import { type Text, countCheckOf, durationOf, refuseInside, textList, textOf } from "./fields";
import type { Naming } from "./naming";
import { suggestion } from "./suggestion";

/** What a rule looks at, compiled. */
export interface Watched {
  /** For people: `api.response_time.p95 > 500ms`. */
  readonly condition: string;
  readonly expr: string;
  /** Metrics that it reads. */
  readonly metrics: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** A template of the alert's value with its unit. */
  readonly value: string;
}

export interface WatchContext {
  readonly source: string;
  readonly naming: Naming;
  readonly windowMs: number;
  /** The alert's name, and what else its metric may be mapped under. */
  readonly name: string;
  readonly id: string | undefined;
}

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
  return threshold(f, c, by);
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

function threshold(f: Fields, c: WatchContext, by: readonly string[]): Watched {
  const windowMs = durationOf(f, "window")?.ms ?? c.windowMs;
  const given = textOf(f, "condition");
  const named = namedValues(f, c);
  const trend = textOf(f, "trend");
  const parts: Part[] = [];
  if (given !== undefined) parts.push(named.in(given));
  else if (named.limit !== undefined && trend === undefined)
    parts.push(named.in({ text: "value > threshold", node: named.limit.node }));
  if (trend !== undefined) parts.push(trendPart(f, c, trend, named.metric ?? parts[0]?.tree));
  const compiled = parts.map(({ tree, node, text }) =>
    inside(c, node, () => ({
      text,
      ...compileCondition(tree, (path, o) => c.naming.resolve(path, { ...o, by, windowMs }), by),
    })),
  );
  const [first] = compiled;
  if (first === undefined) return f.missing("condition");
  const unit = first.unit?.text ?? "";
  return {
    condition: compiled.map((p) => p.text).join(" and "),
    expr: compiled.map((p) => `(${p.expr})`).join(" and "),
    metrics: [...new Set(compiled.flatMap((p) => p.metrics))],
    labels: {},
    value: `{{ $value | humanize }}${/^[a-z]/i.test(unit) ? ` ${unit}` : unit}`,
  };
}

interface Part {
  readonly tree: Condition;
  readonly text: string;
  readonly node: Node;
}

type Path = Condition & { readonly kind: "path" };

/** `value` and `threshold`, of which conditions in code speak, as this rule's `metric` and `threshold`. */
function namedValues(
  f: Fields,
  c: WatchContext,
): {
  readonly metric: Path | undefined;
  readonly limit: Text | undefined;
  readonly in: (condition: Text) => Part;
} {
  const metricText = textOf(f, "metric");
  const limit = textOf(f, "threshold");
  const own = [c.id, c.name].find((n) => n !== undefined && c.naming.has(n));
  const metric: Path | undefined =
    metricText !== undefined
      ? pathOf(f, metricText, c)
      : own === undefined
        ? undefined
        : { kind: "path", path: own, matchers: "", at: 1 };
  const number = limit === undefined ? undefined : parsed(c, limit);
  if (limit !== undefined && number?.kind !== "number")
    f.file.refuse(limit.node, "value_wrong", "threshold must be a number, with or without a unit");
  const replace = (n: Condition): Condition => {
    switch (n.kind) {
      case "number":
        return n;
      case "path":
        if (n.path === "threshold" && number !== undefined) return { ...number, at: n.at };
        if (n.path !== "value") return n;
        if (metric === undefined)
          throw new NotCompiled(`"value" of which metric? add metric: some.path to the rule`, n.at);
        return { ...metric, at: n.at };
      case "call":
        return n.path.path === "value" && metric !== undefined ? { ...n, path: metric } : n;
      default:
        return { ...n, left: replace(n.left), right: replace(n.right) };
    }
  };
  return {
    metric,
    limit,
    in: (condition) => ({
      tree: inside(c, condition.node, () => replace(parsed(c, condition))),
      node: condition.node,
      text: condition.text
        .trim()
        .replace(/\bvalue\b/g, () => metricText?.text ?? own ?? "value")
        .replace(/\bthreshold\b/g, () => limit?.text ?? "threshold"),
    }),
  };
}

function pathOf(f: Fields, text: Text, c: WatchContext): Path {
  const tree = parsed(c, text);
  return tree.kind === "path"
    ? tree
    : f.file.refuse(
        text.node,
        "value_wrong",
        `metric must be a metric's path, not ${JSON.stringify(text.text)}`,
      );
}

const TREND =
  /^\s*(?<path>[A-Za-z_][\w.-]*)?\s*(?<op>>=|<=|>|<)\s*(?<limit>-?\s*[\d.]+(?:e[+-]?\d+)?)\s*(?<unit>%|[A-Za-z]+)??(?:\s+per\s+(?<per>\S+))?(?:\s+over\s+(?<over>\S+))?\s*$/i;

/** `> 0.1 per 1m over 30m`: the slope of the rule's metric, or of the one that the text begins with. */
function trendPart(f: Fields, c: WatchContext, trend: Text, about: Condition | undefined): Part {
  const m = TREND.exec(trend.text)?.groups;
  if (m === undefined)
    return f.file.refuse(
      trend.node,
      "value_wrong",
      `a trend reads "> 0.1 per 1m over 30m", a metric's path before it or not; got ${JSON.stringify(trend.text)}`,
    );
  const path = m["path"] ?? firstPath(about);
  if (path === undefined)
    return f.file.refuse(
      trend.node,
      "field_missing",
      "a trend of which metric? add metric: some.path to the rule",
    );
  const [per, over] = [m["per"] ?? "1m", m["over"] ?? "30m"];
  const text = `trend(${path}, ${over}, per ${per}) ${m["op"]} ${m["limit"]}${m["unit"] ?? ""}`;
  return {
    tree: parsed(c, { ...trend, text }),
    node: trend.node,
    text: `${path} rises ${m["op"]} ${m["limit"]}${m["unit"] ?? ""} per ${per} over ${over}`,
  };
}

function firstPath(c: Condition | undefined): string | undefined {
  if (c === undefined) return undefined;
  switch (c.kind) {
    case "number":
      return undefined;
    case "path":
      return c.path;
    case "call":
      return c.path.path;
    default:
      return firstPath(c.left) ?? firstPath(c.right);
  }
}

function parsed(c: WatchContext, text: Text): Condition {
  const tree = parseCondition(text.text);
  return tree.ok
    ? tree.value
    : refuseInside(c.source, text.node, tree.error.column, tree.error.message);
}

/** Says where in the file it was that a part of a condition has no meaning. */
function inside<T>(c: WatchContext, node: Node, compile: () => T): T {
  try {
    return compile();
  } catch (e) {
    if (e instanceof NotCompiled) return refuseInside(c.source, node, e.column, e.message);
    throw e;
  }
}

function labelName(f: Fields, t: Text): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(t.text))
    f.file.refuse(t.node, "value_wrong", `by: not a label's name: ${JSON.stringify(t.text)}`);
  return t.text;
}
