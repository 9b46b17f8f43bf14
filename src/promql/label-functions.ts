import { RE2JS } from "re2js";
import { checkRegexSize } from "../core/matchers";
import { METRIC_NAME, compareLabels, labelValue, withLabel } from "../core/labels";
import type { CallExpr, Expr } from "./ast";
import type { Column } from "./columns";
import { type Env, stringOf, vectorOf } from "./env";
import { mergeSameLabels } from "./merge";
import { naturalCompare } from "./natural-order";
import { executionError } from "./query-error";
import { quote } from "./quoting";

/** Since Prometheus 3 a label name is any non-empty UTF-8 text. A lone surrogate stands for broken bytes. */
export function isLabelName(name: string): boolean {
  return name !== "" && name.isWellFormed();
}

export function evalLabelFunction(e: CallExpr, env: Env): readonly Column[] | undefined {
  switch (e.func) {
    case "label_replace":
      return labelReplace(e, env);
    case "label_join":
      return labelJoin(e, env);
    case "sort_by_label":
    case "sort_by_label_desc":
      return sortByLabel(e, env);
    default:
      return undefined;
  }
}

function labelReplace(e: CallExpr, env: Env): readonly Column[] {
  const columns = vectorOf(e.args[0] as Expr, env);
  const [dst = "", replacement = "", src = "", pattern = ""] = e.args
    .slice(1)
    .map((a) => stringOf(a, env));
  let regex: RE2JS;
  try {
    checkRegexSize(pattern);
    regex = RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    executionError(`invalid regular expression in label_replace(): ${pattern}`);
  }
  if (!isLabelName(dst))
    executionError(`invalid destination label name in label_replace(): ${dst}`);
  const expand = templateOf(replacement, regex);
  const join = newJoiner();
  const made = new Map<string, string | undefined>();
  const replaced = columns.map((c): Column => {
    const from = labelValue(c.labels, src);
    if (!made.has(from)) {
      const m = regex.matcher(from);
      made.set(from, m.find() ? join(expand((g) => m.group(g) ?? "")) : undefined);
    }
    const value = made.get(from);
    return value === undefined ? c : relabelled(c, dst, value);
  });
  return mergeSameLabels(replaced);
}

/** A label function that writes the metric name keeps it from being dropped. */
function relabelled(c: Column, dst: string, value: string): Column {
  return {
    ...c,
    labels: withLabel(c.labels, dst, value),
    dropName: dst === METRIC_NAME ? false : c.dropName,
  };
}

/** Characters of one label value: a label set is never longer in the store (tsdb). */
const MAX_VALUE = 65_536;
/** Characters that one call may write in all. */
const MAX_WRITTEN = 16_000_000;

/** Joins pieces into label values. Calls in each other multiply what they are given, so that both bounds are asked first. */
function newJoiner(): (pieces: Iterable<string>, separator?: string) => string {
  let written = 0;
  return (pieces, separator = "") => {
    const parts: string[] = [];
    let size = 0;
    for (const piece of pieces) {
      size += piece.length + separator.length;
      if (size > MAX_VALUE + separator.length)
        executionError(`a label value grows beyond ${MAX_VALUE} characters`);
      parts.push(piece);
    }
    written += size;
    if (written > MAX_WRITTEN)
      executionError(`label values grow beyond ${MAX_WRITTEN} characters in all`);
    return parts.join(separator);
  };
}

type Expander = (group: (index: number) => string) => Iterable<string>;

/** `$1`, `${1}`, `$name`, `${name}` and `$$`, as Go's regexp.Expand reads them. */
function templateOf(template: string, regex: RE2JS): Expander {
  const names = regex.namedGroups();
  const parts: (string | number)[] = [];
  let last = 0;
  for (const m of template.matchAll(/\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))/g)) {
    parts.push(template.slice(last, m.index));
    last = m.index + m[0].length;
    const name = m[1] ?? m[2];
    if (name === undefined) parts.push("$");
    else {
      const index = /^\d+$/.test(name) ? Number(name) : names[name];
      if (index !== undefined && index <= regex.groupCount()) parts.push(index);
    }
  }
  parts.push(template.slice(last));
  return function* (group) {
    for (const p of parts) yield typeof p === "string" ? p : group(p);
  };
}

function labelJoin(e: CallExpr, env: Env): readonly Column[] {
  const columns = vectorOf(e.args[0] as Expr, env);
  const [dst = "", separator = "", ...sources] = e.args.slice(1).map((a) => stringOf(a, env));
  for (const s of sources)
    if (!isLabelName(s)) executionError(`invalid source label name in label_join(): ${s}`);
  if (!isLabelName(dst))
    executionError(`invalid destination label name in label_join(): ${quote(dst)}`);
  const join = newJoiner();
  return mergeSameLabels(
    columns.map((c) => {
      const values = sources.map((s) => labelValue(c.labels, s));
      return relabelled(c, dst, join(values, separator));
    }),
  );
}

function sortByLabel(e: CallExpr, env: Env): readonly Column[] {
  const columns = vectorOf(e.args[0] as Expr, env);
  const names = e.args.slice(1).map((a) => stringOf(a, env));
  const sign = e.func === "sort_by_label" ? 1 : -1;
  return columns.toSorted((a, b) => {
    for (const name of names) {
      const x = labelValue(a.labels, name);
      const y = labelValue(b.labels, name);
      if (x !== y) return sign * naturalCompare(x, y);
    }
    return sign * compareLabels(a.labels, b.labels);
  });
}
