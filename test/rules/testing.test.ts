import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHistogram, renderHistogram } from "../../src/core/histogram-notation";
import { isGlob, joinPath, matchesGlob } from "../../src/rules/glob";
import { parseRuleFile } from "../../src/rules/rule-file";
import { type NamedFile, runTestFile } from "../../src/rules/testing/run-tests";
import { type FileVerdict, renderJunit, renderVerdict } from "../../src/rules/testing/verdict";

const LIMITS = { maxEvaluations: 100_000, maxSamples: 1_000_000 };

async function run(
  text: string,
  rules: Readonly<Record<string, string>> = {},
  options: { chosen?: (name: string) => boolean; limits?: typeof LIMITS } = {},
): Promise<FileVerdict> {
  const files: NamedFile[] = Object.entries(rules).map(([path, t]) => ({ path, text: t }));
  const { verdict } = await runTestFile({
    file: { path: "t.yml", text },
    ruleFiles: (pattern) => files.filter((f) => matchesGlob(pattern, f.path)),
    limits: LIMITS,
    ...options,
  });
  return verdict;
}

const RULES = `
groups:
- name: second
  rules:
  - record: twice
    expr: once * 2
- name: first
  labels: {team: x}
  rules:
  - record: once
    expr: sum by (a) (m)
  - alert: High
    expr: once > 3
    for: 2m
    keep_firing_for: 3m
    annotations:
      text: '{{ $labels.a }} {{ $value }} {{ $externalLabels.cluster }} {{ externalURL }} {{ with query "sum(m)" }}{{ . | first | value }}{{ end }}'
`;
const TEST = `
rule_files: ['r*.yml']
group_eval_order: [first, second]
tests:
- name: one
  external_labels: {cluster: c}
  external_url: http://x
  input_series:
  - series: 'm{a="1"}'
    values: 0+1x6 _x9
  alert_rule_test:
  - {eval_time: 5m, alertname: High, exp_alerts: []}
  - eval_time: 6m
    alertname: High
    exp_alerts: [{exp_labels: {a: "1", team: x}, exp_annotations: {text: "1 6 c http://x 6"}}]
  - eval_time: 13m30s
    alertname: High
    exp_alerts: [{exp_labels: {a: "1", team: x}, exp_annotations: {text: "1 6 c http://x 6"}}]
  - {eval_time: 14m, alertname: High, exp_alerts: []}
  promql_expr_test:
  - {expr: twice, eval_time: 4m, exp_samples: [{labels: 'twice{a="1", team="x"}', value: 8}]}
`;

describe("a rule test", () => {
  it("runs rules on virtual time, groups in the order asked for", async () => {
    expect(renderVerdict(await run(TEST, { "r1.yml": RULES, "other.yml": "no" }))).toBe(
      "Unit Testing:  t.yml\n  SUCCESS\n",
    );
  });

  it("fails wherever an expectation is changed", async () => {
    const changes: readonly (readonly [string, string])[] = [
      ["value: 8", "value: 8.000000000000002"],
      ['a="1", team', 'a="2", team'],
      ["6 c http://x 6", "6 c http://x 7"],
      ["eval_time: 14m", "eval_time: 13m"],
      ["eval_time: 6m", "eval_time: 5m59s"],
      ["team: x}", "team: y}"],
      ["cluster: c", "cluster: d"],
      ["[first, second]", "[second, first]"],
    ];
    for (const [from, to] of changes) {
      const changed = TEST.replace(from, to);
      expect(changed).not.toBe(TEST);
      expect((await run(changed, { "r.yml": RULES })).passed, to).toBe(false);
    }
  });

  it("tells expected and got as promtool does", async () => {
    const verdict = await run(
      "tests:\n- name: hi\n  input_series: [{series: 'm{a=\"1\"}', values: 1+1x5}]\n  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [{exp_labels: {a: '3'}}]}]\n  promql_expr_test:\n  - {expr: m, eval_time: 1m, exp_samples: [{labels: m, value: 1e3}]}\n  - {expr: 1+, eval_time: 30s}\n",
      {},
    );
    expect(renderVerdict(verdict)).toBe(`Unit Testing:  t.yml
  FAILED:
    name: hi,
    alertname: A, time: 5m, 
        exp:[
            0:
              Labels:{a="3", alertname="A"}
              Annotations:{}
            ], 
        got:[]
    expr: "m", time: 1m,
        exp: {__name__="m"} 1E+03
        got: {__name__="m", a="1"} 2E+00
    expr: "1+", time: 30s, err: 1:3: parse error: unexpected end of input
`);
    expect(renderJunit([verdict])).toContain('<testcase name="hi">\n      <failure>    name: hi,');
  });

  it("ends at a rule that fails, naming rule and time", async () => {
    const verdict = await run(
      "rule_files: [r.yml]\ntests:\n- input_series: [{series: 'a{i=\"1\"}', values: '1'}, {series: 'a{i=\"2\"}', values: '1'}]\n  promql_expr_test: [{expr: a, eval_time: 0}]\n",
      { "r.yml": "groups: [{name: g, rules: [{record: r, expr: 'a / on() a'}]}]" },
    );
    expect(verdict.tests[0]?.failures).toMatchObject([
      { reason: "rule_failed", rule: "r", timeMs: 0 },
    ]);
  });

  it("begins when it is told to", async () => {
    const at = (start: string): Promise<FileVerdict> =>
      run(
        `tests:\n- start_timestamp: ${start}\n  input_series: [{series: m, values: 1 2}]\n  promql_expr_test: [{expr: timestamp(m), eval_time: 1m, exp_samples: [{value: 1700000060}]}]\n`,
      );
    expect((await at("1700000000")).passed).toBe(true);
    expect((await at("'2023-11-14T22:13:20Z'")).passed).toBe(true);
    expect((await at("1700000001")).passed).toBe(false);
    expect((await at("soon")).errors).toEqual([
      "t.yml: 2:20: tests[0].start_timestamp must be seconds since the epoch or an RFC 3339 time",
    ]);
  });

  it.each([
    ["tests: [", "t.yml: 1:9: "],
    ["groups: []", "t.yml: 1:1: unknown field: groups"],
    ["tests: [{foo: 1}]", "t.yml: 1:10: unknown field: tests[0].foo"],
    ["tests: [{alert_rule_test: [{}]}]", "t.yml: 1:28: an item under alert_rule_test misses"],
    ["group_eval_order: [a, a]", "t.yml: 1:23: group name repeated in evaluation order: a"],
    [
      "tests: [{promql_expr_test: [{expr: m, exp_samples: [{value: x}]}]}]",
      "t.yml: 1:61: tests[0].promql_expr_test[0].exp_samples[0].value must be a number",
    ],
  ])("is refused with its place: %j", async (text, message) => {
    const verdict = await run(text);
    expect(verdict.passed).toBe(false);
    expect(verdict.errors[0]).toContain(message);
  });

  it.each([
    ["a series", "input_series: [{series: 'm{', values: 1}]"],
    ["a value", "input_series: [{series: m, values: one}]"],
    ["a histogram", "input_series: [{series: m, values: '{{buckets:[x]}}'}]"],
  ])("fails where %s cannot be read", async (_, line) => {
    const verdict = await run(`tests:\n- ${line}\n`);
    expect(verdict.tests[0]?.failures).toMatchObject([{ reason: "load" }]);
  });

  it("is bounded where it comes from outside", async () => {
    const limits = { maxEvaluations: 1_000, maxSamples: 1_000 };
    const long = "rule_files: [r.yml]\ntests: [{promql_expr_test: [{expr: m, eval_time: 10y}]}]";
    const rules = { "r.yml": RULES };
    expect((await run(long, rules, { limits })).tests[0]?.failures).toMatchObject([
      { reason: "load", message: expect.stringContaining("more than 1000 evaluations") },
    ]);
    const wide = "tests: [{input_series: [{series: m, values: 1x5000}]}]";
    expect((await run(wide, {}, { limits })).tests[0]?.failures).toMatchObject([
      { reason: "load", message: expect.stringContaining("more than 1000 samples") },
    ]);
  });
});

describe("the command", () => {
  const directory = mkdtempSync(join(tmpdir(), "rules-"));
  const put = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const command = (script: string, ...args: string[]): [number | null, string] => {
    const path = join(import.meta.dirname, "../../scripts", script);
    const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
      encoding: "utf8",
    });
    return [status, `${stdout}${stderr}`];
  };

  it("tells by its exit status what became of the tests", () => {
    put("r1.yml", RULES);
    const good = put("good.yml", TEST);
    const bad = put("bad.yml", TEST.replace("value: 8", "value: 9"));
    const junit = join(directory, "out.xml");
    expect(command("rules-test.mjs", good)).toEqual([0, `Unit Testing:  ${good}\n  SUCCESS\n\n`]);
    const [status, text] = command("rules-test.mjs", "--junit", junit, good, bad);
    expect(status).toBe(1);
    expect(text).toContain('exp: {__name__="twice", a="1", team="x"} 9E+00');
    expect(readFileSync(junit, "utf8")).toContain(
      `<testsuite name="${bad}" tests="1" failures="1">`,
    );
    expect(command("rules-test.mjs", "--run", "^other", bad)[0]).toBe(0);
    expect(command("rules-test.mjs", "--run", "(", bad)[0]).toBe(2);
    expect(command("rules-test.mjs", join(directory, "gone.yml"))[0]).toBe(1);
    expect(command("rules-test.mjs")[0]).toBe(2);
  });

  it("checks rule files", () => {
    const good = put("rules.yml", RULES);
    const twice = put(
      "twice.yml",
      RULES.replace("- record: once", "- {record: once, expr: m}\n  - record: once"),
    );
    const bad = put("wrong.yml", RULES.replace("once * 2", "once *"));
    expect(command("rules-check.mjs", good)).toEqual([
      0,
      `Checking ${good}\n  SUCCESS: 3 rules found\n\n`,
    ]);
    expect(command("rules-check.mjs", bad)[0]).toBe(1);
    expect(command("rules-check.mjs", twice)[0]).toBe(0);
    expect(command("rules-check.mjs", "--lint-fatal", twice)[0]).toBe(1);
    expect(command("rules-check.mjs", "--lint-faatl", twice)[0]).toBe(2);
  });
});

describe("a histogram's notation", () => {
  it("comes back as it was written", () => {
    const small = fc.integer({ min: 1, max: 1_000 });
    const histogram = fc.record({
      schema: fc.integer({ min: -4, max: 8 }),
      count: small,
      sum: fc.double({ noNaN: true, noDefaultInfinity: true }),
      buckets: fc.array(small, { minLength: 1, maxLength: 8 }),
      offset: fc.integer({ min: -20, max: 20 }),
      n_buckets: fc.array(small, { maxLength: 8 }),
    });
    fc.assert(
      fc.property(histogram, (h) => {
        const text = `{{schema:${h.schema} count:${h.count} sum:${h.sum} buckets:[${h.buckets.join(" ")}] offset:${h.offset} n_buckets:[${h.n_buckets.join(" ")}]}}`;
        const parsed = parseHistogram(text);
        if (!parsed.ok) throw new Error(parsed.error);
        expect(parseHistogram(renderHistogram(parsed.value))).toEqual(parsed);
      }),
    );
  });

  it.each(["{{", "{{foo:1}}", "{{sum:x}}", "{{sum:1 sum:2}}", "{{schema:9}}", "{{buckets:[1}}"])(
    "is refused: %s",
    (text) => expect(parseHistogram(text).ok).toBe(false),
  );
});

describe("a pattern of rule files", () => {
  it.each([
    ["*.yml", "a.yml", true],
    ["*.yml", "d/a.yml", false],
    ["d/*/r[0-9].yml", "d/x/r7.yml", true],
    ["d/*/r[^0-9].yml", "d/x/r7.yml", false],
    ["?.yml", "ab.yml", false],
    ["*a*b*", "xxaxxbxx", true],
    ["*a*b*", "xxbxxaxx", false],
  ])("%s and %s: %s", (pattern, path, matches) => {
    expect(matchesGlob(pattern, path)).toBe(matches);
  });

  it("does not slow down", () => {
    const began = performance.now();
    expect(matchesGlob("*a".repeat(100), `${"a".repeat(250)}b`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(isGlob("a.yml")).toBe(false);
    expect(joinPath("a/b", "../c/./d.yml")).toBe("a/c/d.yml");
  });
});

const CONFORMANCE = join(import.meta.dirname, "../../../shared/conformance");
const promtoolFiles = join(CONFORMANCE, "promtool");

describe.skipIf(!existsSync(promtoolFiles))("promtool's own files", () => {
  const verdictOf = async (name: string, ignoreUnknownFields = false): Promise<FileVerdict> => {
    const { verdict } = await runTestFile({
      file: { path: name, text: readFileSync(join(promtoolFiles, name), "utf8") },
      ruleFiles: (pattern) =>
        readdirSync(promtoolFiles)
          .filter((f) => matchesGlob(pattern, f))
          .map((f) => ({ path: f, text: readFileSync(join(promtoolFiles, f), "utf8") })),
      ignoreUnknownFields,
      limits: LIMITS,
    });
    return verdict;
  };

  it.each([
    ["unittest.yml", false, true],
    ["no-test-group-interval.yml", false, true],
    ["negative-offset-test.yml", false, true],
    ["rules_run_extrafields.yml", false, false],
    ["rules_run_extrafields.yml", true, true],
    ["rules_run_fuzzy.yml", false, false],
    ["rules-bad.yml", false, false],
  ])("%s, unknown fields ignored: %s, passes: %s", async (name, ignored, passed) => {
    expect((await verdictOf(name, ignored)).passed).toBe(passed);
  });

  it("of fuzzy comparisons one passes, and one does not", async () => {
    const { tests } = await verdictOf("rules_run_fuzzy.yml");
    expect(tests.map((t) => [t.name, t.passed])).toEqual([
      ["correct fuzzy match", true],
      ["wrong fuzzy match", false],
    ]);
  });
});

const alertRules = join(CONFORMANCE, "alert-rules");

describe.skipIf(!existsSync(alertRules))("rules that people run", () => {
  it("are all taken", () => {
    for (const name of readdirSync(alertRules)) {
      const parsed = parseRuleFile(readFileSync(join(alertRules, name), "utf8"));
      expect(parsed.ok ? "" : `${name}: ${parsed.error.message}`).toBe("");
    }
  });
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;

describe.skipIf(!promtool)("beside promtool", () => {
  // What version 2.42 and we both know.
  const text =
    "tests:\n- name: n\n  interval: 10s\n  input_series: [{series: 'm{a=\"1\"}', values: 0+1x100}]\n  promql_expr_test:\n  - {expr: m, eval_time: 1m30s, exp_samples: [{labels: m, value: 9}]}\n  - {expr: m, eval_time: 1m30s, exp_samples: []}\n  - {expr: 'm / 0', eval_time: 0, exp_samples: [{labels: '{a=\"1\"}', value: .nan}]}\n  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [{exp_labels: {a: '3'}}]}]\n";

  it("words failures alike", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rules-"));
    const path = join(directory, "fail.yml");
    writeFileSync(path, text);
    const theirs = spawnSync("promtool", ["test", "rules", path], { encoding: "utf8" });
    const ours = renderVerdict(await run(text)).replace("t.yml", path);
    const lines = (all: string): string[] => all.split("\n").filter((l) => l.trim() !== "");
    expect(lines(ours)).toEqual(lines(`${theirs.stdout}${theirs.stderr}`));
    expect(theirs.status).toBe(1);
  });
});
