import { METRIC_NAME } from "../core/labels";
import { type MatchType, type Matcher, RegexError, compileRegex } from "../core/matchers";
import type { VectorSelector } from "./ast";
import { DurationParser } from "./duration-parser";
import type { Token } from "./tokens";

/** Reads a series selector: a name, label matchers in braces, or both. */
export abstract class SelectorParser extends DurationParser {
  protected vectorSelector(name: Token | undefined): VectorSelector {
    const start = name?.start ?? this.cur.start;
    let matchers: Matcher[] = [];
    if (this.isPunct("{")) matchers = this.labelMatchers();
    if (name !== undefined)
      matchers = [{ type: "=", name: METRIC_NAME, value: name.text }, ...matchers];
    return {
      kind: "vectorSelector",
      name: name?.text ?? "",
      matchers,
      offset: undefined,
      at: undefined,
      span: this.span(start),
    };
  }

  private labelMatchers(): Matcher[] {
    const context = "label matching";
    this.at++;
    const out: Matcher[] = [];
    while (!this.isPunct("}")) {
      const t = this.cur;
      if (t.kind !== "identifier" && t.kind !== "string")
        this.unexpected(context, 'identifier or "}"');
      this.at++;
      const name = t.kind === "string" ? this.stringValue(t) : t.text;
      if (t.kind === "string" && (this.isPunct(",") || this.isPunct("}"))) {
        out.push({ type: "=", name: METRIC_NAME, value: name });
      } else {
        const op = this.cur;
        if (op.kind !== "punctuation" || !["=", "!=", "=~", "!~"].includes(op.text))
          this.unexpected(context, "label matching operator");
        this.at++;
        if (this.cur.kind !== "string") this.unexpected(context, "string");
        out.push(this.matcher(name, op.text as MatchType, this.next()));
      }
      if (this.isPunct(",")) this.at++;
      else if (!this.isPunct("}")) this.unexpected(context, '"," or "}"');
    }
    this.at++;
    return out;
  }

  private matcher(name: string, type: MatchType, valueToken: Token): Matcher {
    const value = this.stringValue(valueToken);
    if (type === "=~" || type === "!~") {
      try {
        compileRegex(value);
      } catch (e) {
        if (!(e instanceof RegexError)) throw e;
        this.report(valueToken, e.message);
      }
    }
    return { type, name, value };
  }
}
