import { type Result, ok } from "../../core/result";
import { type ConfigRefusal, type ParsedGroup, parseGroup, parseRuleFile } from "../rule-file";
import { orShorthand } from "../shorthand/rule-source";

const ALONE = "backtest";

/** What is tested: a rule file, one group of it, or one rule by itself. */
export function parseTested(text: string): Result<readonly ParsedGroup[], ConfigRefusal> {
  if (/^\s*-?\s*alert\s*:/m.test(text) && !/^(groups|rules|alerts)\s*:/m.test(text)) {
    // On one line of its own each, so that a refusal's position is two lines off and no more.
    const rule = text.replace(/^\s*-\s?/, (dash) => " ".repeat(dash.length));
    const indented = rule.replace(/^/gm, "    ");
    const parsed = parseGroup(`name: ${ALONE}\nrules:\n  -\n${indented}`);
    return parsed.ok ? ok(parsed.value.groups) : parsed;
  }
  const parsed = orShorthand(/^rules\s*:/m.test(text) ? parseGroup : parseRuleFile)(text);
  return parsed.ok ? ok(parsed.value.groups) : parsed;
}
