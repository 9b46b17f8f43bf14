import { Fields } from "../../alerting/yaml-fields";
import { readLabels } from "../rule-file";
import { bareThresholds } from "./bare-thresholds";
import { durationOf, entries } from "./fields";
import type { ShorthandFile } from "./model";
import { readRule } from "./read-rule";
import { Naming } from "./naming";

export const DEFAULT_GROUP = "alerts";
const DEFAULT_WINDOW_MS = 5 * 60_000;
const MAX_RULES = 500;
const MAX_COMPILED_CHARS = 1_000_000;
const MAX_GROUP_NAME = 200;
const DAY_MS = 24 * 3_600_000;
const LISTS = ["alerts", "rules"];
const BARE = ["thresholds", "alert_configuration"];
/** What begins a file of ours, and never one of Prometheus; `rules` needs a closer look. */
export const OWN_FIELDS = ["alerts", ...BARE];

/** Reads and compiles a file of `alerts:` (or `rules:`). @throws Refused with line and column */
export function readShorthand(root: Fields, source: string): ShorthandFile {
  const naming = new Naming(source, root);
  const notes: string[] = [];
  const windowMs = durationOf(root, "window")?.ms ?? DEFAULT_WINDOW_MS;
  const group = root.text("group") ?? root.text("name") ?? DEFAULT_GROUP;
  if (group === "" || group.length > MAX_GROUP_NAME)
    root.file.refuse(
      root.node,
      "value_wrong",
      `a group's name has 1 to ${MAX_GROUP_NAME} characters`,
    );
  const interval = durationOf(root, "interval");
  if (interval !== undefined && (interval.ms < 1_000 || interval.ms > DAY_MS))
    root.file.refuse(interval.node, "value_wrong", "interval must be from 1s to 1d");
  const labels = readLabels(root, "alerting");
  const shared = { source, naming, windowMs, notes };
  const severity = labels["severity"] ?? "warning";
  const bare = BARE.flatMap((name) => bareThresholds(root, name, { ...shared, severity }));
  const list = LISTS.flatMap((name) => entries(root, name));
  if (list.length + bare.length > MAX_RULES)
    root.file.refuse(root.node, "too_large", `more than ${MAX_RULES} rules in one file`);
  let chars = 0;
  const rules = list.map(({ key, node, path }) => {
    const fields = new Fields(root.file, node, path);
    const rule = readRule(fields, key, shared);
    // What is mapped once may be used by every rule.
    chars += rule.expr.length;
    if (chars > MAX_COMPILED_CHARS)
      root.file.refuse(node, "too_large", `more than ${MAX_COMPILED_CHARS} characters of PromQL`);
    return rule;
  });
  root.end();
  return { group, interval: interval?.ms, labels, rules: [...bare, ...rules], notes };
}
