import { type ReadOptions, parseRuleFile } from "../rule-file";

export interface CheckedFile {
  /** `line:column: …`; the file cannot be taken. */
  readonly errors: readonly string[];
  /** `line:column: …`; the file works, and likely says what is not meant. */
  readonly lint: readonly string[];
  readonly rules: number;
}

/** Checks a rule file as promtool's `check rules` does. */
export function checkRuleFile(text: string, options: ReadOptions): CheckedFile {
  const parsed = parseRuleFile(text, options);
  if (!parsed.ok) {
    const { line, column, message } = parsed.error;
    return { errors: [`${line}:${column}: ${message}`], lint: [], rules: 0 };
  }
  const { groups, warnings } = parsed.value;
  return { errors: [], lint: warnings, rules: groups.reduce((n, g) => n + g.rules.length, 0) };
}
