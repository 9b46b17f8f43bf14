import { type ReadOptions, parseRuleFile } from "../rule-file";
import { orShorthand } from "../shorthand/rule-source";

export interface CheckedFile {
  /** `line:column: …`; the file cannot be taken. */
  readonly errors: readonly string[];
  /** `line:column: …`; the file works, and likely says what is not meant. */
  readonly lint: readonly string[];
  /** `line:column: …`; the file works here, and promtool refuses it. */
  readonly extensions: readonly string[];
  readonly rules: number;
}

export interface CheckOptions extends ReadOptions {
  /** What promtool refuses is an error. */
  readonly strict?: boolean;
}

/** Checks a rule file as promtool's `check rules` does, the shorthand included; `strict` takes what Prometheus takes alone. */
export function checkRuleFile(text: string, options: CheckOptions): CheckedFile {
  const { strict = false, ...read } = options;
  const prometheus = (t: string): ReturnType<typeof parseRuleFile> => parseRuleFile(t, read);
  const parsed = (strict ? prometheus : orShorthand(prometheus))(text);
  if (!parsed.ok) {
    const { line, column, message } = parsed.error;
    return { errors: [`${line}:${column}: ${message}`], lint: [], extensions: [], rules: 0 };
  }
  const { groups, warnings, extensions } = parsed.value;
  const rules = groups.reduce((n, g) => n + g.rules.length, 0);
  return strict
    ? { errors: extensions, lint: warnings, extensions: [], rules }
    : { errors: [], lint: warnings, extensions, rules };
}
