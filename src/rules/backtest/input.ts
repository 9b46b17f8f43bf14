import { isMap, isSeq, parseDocument } from "yaml";
import type { ConfigRefusal } from "../../alerting/config-error";
import { type Result, err, ok } from "../../core/result";
import { type ParsedFile, type ParsedGroup, parseGroup, parseRuleFile } from "../rule-file";
import { orShorthand } from "../shorthand/rule-source";

/** The group of rules that stand by themselves. */
const ALONE = "backtest";

/** How a text that is no whole file or group becomes one. */
interface Wrapping {
  readonly before: string;
  /** By how much each line is indented. */
  readonly columns: number;
  readonly parse: (text: string) => Result<ParsedFile, ConfigRefusal>;
}

const RULE: Wrapping = {
  before: `name: ${ALONE}\nrules:\n  -\n`,
  columns: 4,
  parse: parseGroup,
};
const RULES: Wrapping = { before: `name: ${ALONE}\nrules:\n`, columns: 2, parse: parseGroup };
const GROUPS: Wrapping = { before: "groups:\n", columns: 2, parse: parseRuleFile };
const THRESHOLD: Wrapping = {
  before: `group: ${ALONE}\nalerts:\n  -\n`,
  columns: 4,
  parse: orShorthand(parseRuleFile),
};
const THRESHOLDS: Wrapping = {
  before: `group: ${ALONE}\nalerts:\n`,
  columns: 2,
  parse: orShorthand(parseRuleFile),
};

/** What is tested: a rule file, one group of it or several, rules or one by itself; Prometheus' own or the shorthand. */
export function parseTested(text: string): Result<readonly ParsedGroup[], ConfigRefusal> {
  const root = parseDocument(text, { logLevel: "silent" }).contents;
  if (isMap(root)) {
    if (root.has("alert") || root.has("record")) return wrapped(text, RULE);
    if (root.has("condition")) return wrapped(text, THRESHOLD);
  } else if (isSeq(root)) {
    const [first] = root.items;
    if (isMap(first))
      return wrapped(
        text,
        first.has("rules")
          ? GROUPS
          : first.has("alert") || first.has("record")
            ? RULES
            : THRESHOLDS,
      );
  }
  const isGroup = isMap(root) && root.has("rules");
  return groupsOf(orShorthand(isGroup ? parseGroup : parseRuleFile)(text));
}

/** As part of a whole; a refusal names the place in the text as it was given. */
function wrapped(
  text: string,
  { before, columns, parse }: Wrapping,
): ReturnType<typeof parseTested> {
  const body = text.replace(/^---[ \t]*$/m, "").replace(/^/gm, " ".repeat(columns));
  const parsed = groupsOf(parse(`${before}${body}`));
  if (parsed.ok) return parsed;
  const { line, column, ...refusal } = parsed.error;
  const lines = before.split("\n").length - 1;
  return err({
    ...refusal,
    line: Math.max(1, line - lines),
    column: Math.max(1, column - columns),
  });
}

function groupsOf(parsed: Result<ParsedFile, ConfigRefusal>): ReturnType<typeof parseTested> {
  return parsed.ok ? ok(parsed.value.groups) : parsed;
}
