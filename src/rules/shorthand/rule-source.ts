import type { ConfigRefusal } from "../../alerting/config-error";
import { type Result, ok } from "../../core/result";
import { type ParsedFile, parseRuleFile } from "../rule-file";
import { compileShorthand, isShorthand } from "./compile";

type Parse = (text: string) => Result<ParsedFile, ConfigRefusal>;

/** A reader of rules that takes the shorthand too: its rules are those that it compiles to. */
export function orShorthand(parse: Parse): Parse {
  return (text) => (isShorthand(text) ? parseShorthand(text) : parse(text));
}

function parseShorthand(text: string): Result<ParsedFile, ConfigRefusal> {
  const compiled = compileShorthand(text);
  if (!compiled.ok) return compiled;
  const parsed = parseRuleFile(compiled.value.yaml);
  // Whatever can be wrong was judged in the source, where line and column mean something to its writer.
  if (!parsed.ok) throw new Error(`compiled rules are refused: ${parsed.error.message}`);
  const { notes, rules } = compiled.value.file;
  const reads = rules.map(({ name, line, column, metrics }) => ({
    rule: name,
    line,
    column,
    metrics,
  }));
  const extensions = ["1:1: Vedette's shorthand; Prometheus takes what rules:compile makes of it"];
  return ok({ ...parsed.value, extensions: [...extensions, ...notes], source: text, reads });
}
