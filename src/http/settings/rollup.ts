import * as z from "zod";
import type { Matcher } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import { parseExpr } from "../../promql";

/** What `PUT /config/v1/analytics_rollup` takes. */
export const RollupBody = z.strictObject({
  selectors: z.array(z.string().min(1).max(2_000)).max(50),
});

/** Reads `{"selectors": ["up", "{job=\"api\"}"]}`: plain selectors, in order of preference. */
export function parseRollup(
  value: unknown,
): Result<readonly (readonly Matcher[])[], { readonly where: string; readonly message: string }> {
  const parsed = RollupBody.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      where: `/${(issue?.path ?? []).join("/")}`,
      message: issue?.message ?? "wrong shape",
    });
  }
  const out: (readonly Matcher[])[] = [];
  for (const [i, text] of parsed.data.selectors.entries()) {
    const expr = parseExpr(text);
    if (!expr.ok) return err({ where: `/selectors/${i}`, message: expr.error.message });
    if (
      expr.value.kind !== "vectorSelector" ||
      expr.value.offset !== undefined ||
      expr.value.at !== undefined
    ) {
      return err({
        where: `/selectors/${i}`,
        message: "a plain selector is wanted, without range, offset or function",
      });
    }
    out.push(expr.value.matchers);
  }
  return ok(out);
}
