import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evalInstant, parseExpr, renderExpr } from "../../src/promql/index";
import { MemoryQueryable } from "./promqltest/memory-queryable";

const FRAGMENTS = [
  "sum",
  "by",
  "without",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "foo",
  "bar",
  "a",
  "5m",
  "1h30m",
  "0x1f",
  "1e3",
  ".5",
  "Inf",
  "NaN",
  '"x"',
  "'y'",
  "`z`",
  "=",
  "!=",
  "=~",
  "!~",
  "==",
  ">",
  "<",
  ">=",
  "<=",
  "</",
  ">/",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "and",
  "or",
  "unless",
  "atan2",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "bool",
  "offset",
  "@",
  "start",
  "end",
  "rate",
  "topk",
  "step",
  "range",
  "min_of",
  "max_of",
  "anchored",
  " ",
  "\n",
  "#c\n",
  "\\",
  "é",
  "\u{1f600}",
  "\ud800",
];

const vector = fc.constantFrom(
  "up",
  'http_requests_total{code=~"5..",path!=""}',
  '{"a metric.name"}',
  "m offset 5m",
  "m @ 12.5",
  "m @ end() offset -1h",
  "step",
  "sum",
);
const { expr } = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    vector,
    tie("expr").map((e) => `(${e})`),
    tie("expr").map((e) => `-(${e})`),
    tie("expr").map((e) => `sum by (a, "b c") (${e})`),
    tie("expr").map((e) => `topk without () (3, ${e})`),
    tie("expr").map((e) => `max_over_time((${e})[5m:30s] offset 1m)`),
    vector.map((v) => (/[@]|offset/.test(v) ? v : `rate(${v}[5m])`)),
    tie("expr").map((e) => `label_replace(${e}, "d", "$1\\n", "s", '(.*)"')`),
    fc
      .tuple(
        tie("expr"),
        fc.constantFrom(
          "+",
          "- on(a)",
          "* ignoring(a) group_left(b)",
          "> bool",
          "and",
          "or on()",
          "^",
          "unless",
        ),
        tie("expr"),
      )
      .map(([l, op, r]) => `(${l}) ${op} (${r})`),
  ),
}));

describe("the parser", () => {
  it("answers every text with an expression or a mistake in its place, and never throws", () => {
    const soup = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom(...FRAGMENTS)).map((p) => p.join("")),
      fc.array(fc.constantFrom(...FRAGMENTS)).map((p) => p.join(" ")),
    );
    fc.assert(
      fc.property(soup, (text) => {
        const r = parseExpr(text);
        if (r.ok) return;
        const { message, position, line, column } = r.error;
        expect(message).not.toBe("");
        expect(position.start).toBeGreaterThanOrEqual(0);
        expect(position.start).toBeLessThanOrEqual(text.length);
        expect(position.end).toBeLessThanOrEqual(text.length);
        const lines = text.slice(0, position.start).split("\n");
        expect([line, column]).toEqual([lines.length, (lines.at(-1) ?? "").length + 1]);
      }),
      { numRuns: 3000 },
    );
  });

  it("reads its own printing back as the same", () => {
    fc.assert(
      fc.property(expr, (text) => {
        const first = parseExpr(text);
        if (!first.ok) throw new Error(`${text}: ${first.error.message}`);
        const printed = renderExpr(first.value);
        const second = parseExpr(printed);
        expect(second.ok && renderExpr(second.value)).toBe(printed);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses nesting without end instead of running out of stack", async () => {
    for (const text of [
      "(".repeat(100_000),
      "-".repeat(100_000),
      "a[".repeat(10_000),
      `${"sum(".repeat(50_000)}a`,
      "a+(".repeat(20_000),
      `a[${"-".repeat(50_000)}1]`,
      `a offset ${"-".repeat(50_000)}1`,
      `a[${"(".repeat(50_000)}`,
    ]) {
      expect(parseExpr(text).ok).toBe(false);
    }
    const chain = (n: number): string => Array.from({ length: n }, () => "1").join(" + ");
    expect(parseExpr(chain(100_000)).ok).toBe(false);
    expect(parseExpr(`a${"[5m:]".repeat(100_000)}`).ok).toBe(false);
    expect(parseExpr(`a[${Array.from({ length: 100_000 }, () => "1").join("+")}]`).ok).toBe(false);
    const long = parseExpr(chain(1000));
    if (!long.ok) throw new Error(long.error.message);
    const result = await evalInstant(long.value, { queryable: new MemoryQueryable(), atMs: 0 });
    expect(result).toMatchObject({ type: "scalar", value: 1000 });
  });
});
