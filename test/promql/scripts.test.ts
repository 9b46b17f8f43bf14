import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AGGREGATORS } from "../../src/promql/ast";
import { SIGNATURES } from "../../src/promql/signatures";
import { runScript } from "./promqltest/run";

const folder = join(import.meta.dirname, "scripts");
const files = readdirSync(folder).filter((f) => f.endsWith(".test"));
const text = (file: string): string => readFileSync(join(folder, file), "utf8");

describe("scripts", () => {
  it.each(files)("%s", async (file) => {
    const outcomes = await runScript(text(file));
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.filter((o) => o.failure !== undefined)).toEqual([]);
  });

  it.each(files)("%s checks something in every eval", async (file) => {
    const outcomes = await runScript(text(file), { mutate: true });
    expect(outcomes.filter((o) => o.failure === undefined)).toEqual([]);
  });

  it("evaluate every function, aggregation and operator", () => {
    const evals = files.flatMap((f) => text(f).split("\n")).filter((l) => l.startsWith("eval"));
    const words = [...SIGNATURES.keys(), ...AGGREGATORS].filter(
      (name) => !evals.some((l) => new RegExp(`\\b${name}\\b\\s*(?:\\(|by|without)`).test(l)),
    );
    const operators = [
      "+",
      "-",
      "*",
      "/",
      "%",
      "^",
      "atan2",
      "==",
      "!=",
      ">",
      "<",
      ">=",
      "<=",
      "</",
      ">/",
      "and",
      "or",
      "unless",
      "bool",
      "on(",
      "ignoring(",
      "group_left",
      "group_right",
      "offset",
      "@",
      "[",
      ":",
    ].filter((op) => !evals.some((l) => l.includes(op)));
    expect([words, operators]).toEqual([[], []]);
  });
});

describe("the script language", () => {
  it.each([
    ["frob 5m", "line 1: cannot read"],
    ["load 5m\n  m 1 2 huh", "line 2: not a value: huh"],
    ["eval instant at noon m", "line 1: not a duration: noon"],
    ["eval instant at 0 m\n  expect wonders", 'line 2: cannot read "expect wonders"'],
    ['load 5m\n  m{a=~"b"} 1', "line 2: not a series"],
  ])("refuses %j", async (script, message) => {
    await expect(runScript(script)).rejects.toThrow(message);
  });

  it("tells an eval that fails from one that passes", async () => {
    const outcomes = await runScript(
      'load 1m\n  m{a="b"} 1 2\n\neval instant at 1m m\n  m{a="b"} 2\n\neval instant at 1m m\n  m{a="b"} 3\n',
    );
    expect(outcomes.map((o) => o.failure)).toEqual([
      undefined,
      { expected: 'm{a="b"} 3', got: 'm{a="b"} 2' },
    ]);
  });
});
