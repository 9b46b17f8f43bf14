import { type Node, isMap } from "yaml";
import { Fields } from "../../alerting/yaml-fields";
import { renderDuration } from "../../core/duration";
import { NotCompiled, compileCondition } from "./compile-condition";
import type { Condition } from "./condition";
import { composed, inside, parsed } from "./condition-text";
import { type Text, durationOf, textOf } from "./fields";
import type { WatchContext, Watched } from "./model";

/** A rule on what metrics say: a condition, a metric with its threshold, a trend. @throws Refused */
export function thresholdOf(f: Fields, c: WatchContext, by: readonly string[]): Watched {
  const windowMs = durationOf(f, "window")?.ms ?? c.windowMs;
  const given = textOf(f, "condition");
  const named = namedValues(f, c);
  const trend = trendOf(f);
  const parts: Part[] = [];
  if (given !== undefined) parts.push(named.in(given));
  else if (named.limit !== undefined)
    parts.push(named.in({ text: `value ${named.operator} threshold`, node: named.limit.node }));
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
  readonly operator: string;
  readonly in: (condition: Text) => Part;
} {
  const metricText = textOf(f, "metric");
  const limit = textOf(f, "threshold");
  const given = textOf(f, "operator");
  const asked = given?.text.toLowerCase() ?? ">";
  const operator = Object.hasOwn(OPERATORS, asked) ? OPERATORS[asked] : undefined;
  if (given !== undefined && operator === undefined)
    return f.file.refuse(
      given.node,
      "value_wrong",
      `unknown operator ${JSON.stringify(given.text)}; write >, >=, <, <=, == or !=`,
    );
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
    operator: operator ?? ">",
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

/** Also as words, as code names them. */
const OPERATORS: Readonly<Record<string, string | undefined>> = {
  ">": ">",
  ">=": ">=",
  "<": "<",
  "<=": "<=",
  "==": "==",
  "!=": "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  above: ">",
  below: "<",
};

/** `trend:` as a text, or as a mapping of what the text says. */
function trendOf(f: Fields): Text | undefined {
  const node = f.take("trend");
  if (node === undefined || !isMap(node))
    return node === undefined ? undefined : { text: f.scalarText(node, f.at("trend")), node };
  const t = new Fields(f.file, node, f.at("trend"));
  const [above, below] = [t.text("above"), t.text("below")];
  if ((above === undefined) === (below === undefined))
    return f.file.refuse(node, "field_missing", `${f.at("trend")}: one of above and below`);
  const over = durationOf(t, "over", "window")?.ms;
  const per = durationOf(t, "per")?.ms;
  const text = [
    t.text("metric") ?? "",
    above === undefined ? `< ${below}` : `> ${above}`,
    per === undefined ? "" : `per ${renderDuration(per)}`,
    over === undefined ? "" : `over ${renderDuration(over)}`,
  ];
  t.end();
  return { text: text.join(" "), node };
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
    tree: composed(c, { ...trend, text }),
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
