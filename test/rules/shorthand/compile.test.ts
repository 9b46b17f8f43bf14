import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRuleFile } from "../../../src/rules/rule-file";
import { compileShorthand, isShorthand } from "../../../src/rules/shorthand/compile";
import { parseExpr, renderExpr } from "../../../src/promql";

const compiled = (text: string) => {
  const r = compileShorthand(text);
  if (!r.ok) throw new Error(`${r.error.line}:${r.error.column}: ${r.error.message}`);
  return r.value;
};
const refusal = (text: string): string => {
  const r = compileShorthand(text);
  return r.ok ? "taken" : `${r.error.line}:${r.error.column}: ${r.error.message}`;
};
/** The expression of one condition, on one line. */
const promql = (condition: string, more = ""): string => {
  const text = `alerts:\n  - name: a\n    condition: ${JSON.stringify(condition)}\n${more}`;
  const rules = parseRuleFile(compiled(text).yaml);
  const parsed = parseExpr(rules.ok ? (rules.value.groups[0]?.rules[0]?.expr ?? "") : "");
  if (!parsed.ok) throw new Error("does not parse");
  return renderExpr(parsed.value);
};

const root = join(import.meta.dirname, "../../..");

describe("the packs' rule files", () => {
  it.each(["json-metrics", "node-service", "opentelemetry-service"])(
    "compile: %s",
    async (pack) => {
      const text = readFileSync(join(root, `packs/${pack}/rules/${pack}.yml`), "utf8");
      expect(isShorthand(text)).toBe(true);
      const { yaml } = compiled(text);
      await expect(yaml).toMatchFileSnapshot(join(import.meta.dirname, `compiled/${pack}.yml`));
      const parsed = parseRuleFile(yaml);
      expect(parsed.ok && parsed.value.extensions).toEqual([]);
    },
  );
});

describe("a threshold", () => {
  it("is compared in the unit it is written in", () => {
    expect(promql("queue.size > 100")).toBe("queue_size > 100");
    expect(promql("http.request_duration_seconds.p99 > 250ms")).toBe(
      "(1000 * histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) or max(http_request_duration_seconds_p99)) > 250",
    );
  });

  it("of a path that means nothing is refused with its place and what may be meant", () => {
    expect(refusal("alerts:\n  - name: a\n    condition: api.response_time.average > 5\n")).toBe(
      '3:16: "api.response_time.average": no aggregate is called "average"; did you mean "api.response_time.avg"?',
    );
  });
});
