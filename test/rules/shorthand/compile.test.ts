import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRegex } from "../../../src/core/matchers";
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
  it.each(["json-metrics", "messaging-service", "node-service", "opentelemetry-service"])(
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

describe("the documentation", () => {
  const text = readFileSync(join(root, "docs/rule-shorthand.md"), "utf8");
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1] ?? "");

  it("shows what its first example is compiled to", () => {
    expect(compiled(blocks[0] ?? "").yaml).toBe(blocks[1]);
  });

  it("has examples that compile", () => {
    const metrics = blocks.find((b) => b.startsWith("metrics:")) ?? "";
    const files = blocks.filter((b) => /^(alerts|rules):/.test(b));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(refusal(`${metrics}${file}`)).toBe("taken");
  });
});

describe("a condition", () => {
  it.each([
    // the metric itself, in the unit that it is compared with
    ["queue.size > 100", "queue_size > 100"],
    ["queue-size >= 1e3", "queue_size >= 1000"],
    ['queue.size{queue="mail"} < 5', 'queue_size{queue="mail"} < 5'],
    ["job.duration_seconds > 500ms", "1000 * job_duration_seconds > 500"],
    [
      "job.duration > 2m",
      "(job_duration or 1.66666666666667e-05 * job_duration_milliseconds or 0.0166666666666667 * job_duration_seconds) > 2",
    ],
    ["heap.used > 400MB", "(heap_used or 1e-06 * heap_used_bytes or heap_used_mb) > 400"],
    ["heap.used_bytes > 1GiB", "9.31322574615479e-10 * heap_used_bytes > 1"],
    // percent
    ["cpu.usage > 85%", "(cpu_usage_percent or 100 * cpu_usage_ratio or cpu_usage) > 85"],
    ["cpu.usage.percent > 85", "(cpu_usage_percent or 100 * cpu_usage_ratio or cpu_usage) > 85"],
    ["disk_ratio > 90%", "100 * disk_ratio > 90"],
    [
      "pool.active > 80%",
      "(pool_active_percent or 100 * pool_active_ratio or 100 * pool_active / (pool_max or pool_limit or pool_total) or pool_active) > 80",
    ],
    // rates and counts of counters
    [
      "api.requests > 600/min",
      "(60 * sum(rate(api_requests_total[5m])) or 60 * sum(rate(api_requests_count[5m]) and api_requests_sum)) > 600",
    ],
    [
      "api.requests.rate < 2 req/s",
      "(sum(rate(api_requests_total[5m])) or sum(rate(api_requests_count[5m]) and api_requests_sum) or max(api_requests_rate)) < 2",
    ],
    [
      "orders.count < 3",
      "(sum(increase(orders_total[5m])) or sum(increase(orders_count[5m]) and orders_sum) or max(orders_count unless orders_sum)) < 3",
    ],
    // aggregates
    ["queue.size.max > 9", "(max(queue_size_max) or max(queue_size)) > 9"],
    [
      "job.duration_seconds.avg > 1s",
      "(sum(rate(job_duration_seconds_sum[5m])) / sum(rate(job_duration_seconds_count[5m])) or avg(job_duration_seconds) or max(job_duration_seconds_avg)) > 1",
    ],
    [
      "job.duration_seconds.p999 > 1s",
      "(histogram_quantile(0.999, sum by (le) (rate(job_duration_seconds_bucket[5m]))) or max(job_duration_seconds_p999)) > 1",
    ],
    // arithmetic, logic, functions
    ["db.open >= db.max * 0.9", "db_open >= on () group_left () (max(db_max) or max(db)) * 0.9"],

    ["db.open >= db.limit * 90%", "db_open >= db_limit * 0.9"],
    ["a.x > 1 and (b.y < 2 || c.z = 3)", "a_x > 1 and (b_y < 2 or c_z == 3)"],
    ["a.x.max > 1 and b.y > 2", "(max(a_x_max) or max(a_x)) > 1 and on () b_y > 2"],
    ["a.x - a.y > -2", "a_x - a_y > -2"],
    ["trend(mem.used, 1h, per 30s) > 0.5", "30 * deriv(mem_used[1h]) > 0.5"],
    ["change(mem.used, 10m) > 5", "delta(mem_used[10m]) > 5"],
    // as code has it
    ["metrics.memoryUsage > 80", "(memory_usage or memoryUsage) > 80"],
    ["(metrics) => metrics.cpu >= 80", "cpu >= 80"],
  ])("%s", (condition, expected) => {
    expect(promql(condition)).toBe(expected);
  });

  it("keeps labels apart where the rule says so", () => {
    expect(promql("queue.size > 5", "    by: [queue, host]\n")).toBe(
      "max by (queue, host) (queue_size) > 5",
    );
    expect(promql("a.x.sum / b.y.sum > 2", "    by: zone\n    window: 1m\n")).toBe(
      "(max by (zone) (a_x_sum unless a_x_count) or sum by (zone) (a_x)) / (max by (zone) (b_y_sum unless b_y_count) or sum by (zone) (b_y)) > 2",
    );
  });

  it("may be said in fields", () => {
    const expr = (fields: string): string => {
      const r = parseRuleFile(compiled(`rules: [{ name: a, ${fields} }]\n`).yaml);
      return r.ok ? (r.value.groups[0]?.rules[0]?.expr ?? "") : r.error.message;
    };
    expect(expr("metric: b.c, threshold: 5")).toBe("b_c > 5");
    expect(expr("metric: b.c, threshold: 5MB, operator: lte")).toBe(
      "(b_c or 1e-06 * b_c_bytes or b_c_mb) <= 5",
    );
    expect(expr("metric: b.c, threshold: 5, trend: '> 1 per 1s over 10m'")).toBe(
      "b_c > 5 and deriv(b_c[10m]) > 1",
    );
    expect(expr("trend: { metric: b.c, above: 0.1, per: 30s, over: 1h }")).toBe(
      "30 * deriv(b_c[1h]) > 0.1",
    );
    expect(expr("metric: b.c, trend: { below: -2 }")).toBe("60 * deriv(b_c[30m]) < -2");
  });

  it("may be a bare threshold of what its name says", () => {
    const { file, yaml } = compiled(
      JSON.stringify({
        alert_configuration: {
          error_rate_threshold: 5.0,
          response_time_threshold_ms: 1000,
          delivery_rate_threshold: 90.0,
          disk_usage_threshold: 85.0,
        },
        thresholds: { "queue.size": 100, "pool.wait.p95": "2s" },
        metrics: { response_time: "average_response_time_ms" },
      }),
    );
    expect(file.rules.map((r) => [r.name, r.condition])).toEqual([
      ["queue.size", "queue.size > 100"],
      ["pool.wait.p95", "pool.wait.p95 > 2s"],
      ["error_rate", "error_rate > 5%"],
      ["response_time", "response_time.avg > 1000ms"],
      ["delivery_rate", "delivery_rate < 90%"],
      ["disk_usage", "disk_usage > 85%"],
    ]);
    expect(yaml).toContain("or avg(average_response_time_ms)");
    expect(parseRuleFile(yaml).ok).toBe(true);
    expect(refusal("thresholds:\n  a.b: 5 parsecs\n")).toContain('2:8: unknown unit "parsecs"');
  });

  it("means what the file's metrics say, before the conventions", () => {
    const mapped = (condition: string, metrics: string): string =>
      promql(condition, `metrics:\n${metrics}`);
    expect(
      mapped("api.latency.p95 > 500ms", "  api.latency: http_request_duration_seconds\n"),
    ).toBe(
      "(1000 * histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) or max(api_latency_p95)) > 500",
    );
    expect(mapped("api.errors > 5%", "  api.errors: http_requests.error_rate\n")).toBe(
      promql("http_requests.error_rate > 5%"),
    );
    expect(mapped("a.b.avg > 5", "  a.b: x / y # of each host\n")).toBe("avg(x / y) > 5");
    expect(mapped("a.b > c.d", "  a.b: sum(x)\n")).toBe("sum(x) > on () group_right () c_d");
  });
});

describe("what has no meaning", () => {
  const rule = (fields: string): string => `alerts:\n  - name: a\n    ${fields}\n`;
  it.each([
    // paths
    [
      "condition: api.response_time.average > 5",
      '3:16: "api.response_time.average": no aggregate is called "average"; did you mean "api.response_time.avg"?',
    ],
    [
      "condition: 1 < api.time.p0",
      '3:20: "api.time.p0": "p0" is no quantile; write p50, p90, p95, p99 or p999',
    ],
    [
      "condition: api.time_seconds.p95 > 5%",
      '3:16: "api.time_seconds.p95" is compared with %, but its name ends in a unit of time',
    ],
    [
      "condition: a.b.error_rate > 5ms",
      '3:16: "a.b.error_rate" is in percent; it cannot be compared with ms',
    ],
    ["condition: a.rate > 5ms", '3:16: "a.rate" is a rate; write 100/s or 100/min, not ms'],
    ["condition: 'a.count > 5 s'", '3:17: "a.count" is a number of times; it has no unit s'],
    [
      "condition: 'a{b} > 5'",
      '3:17: "a": matchers: 1:4: parse error: unexpected "}" in label matching, expected label matching operator',
    ],
    ["condition: 3 < inf", '3:20: "inf" cannot name a metric'],
    // numbers and their units
    [
      "condition: a.b > 5 parsecs",
      '3:24: unknown unit "parsecs"; known are us, ms, s, min, h, d, B, KB, MB, GB, KiB, MiB, GiB, %, /s, /min, /h',
    ],
    ["condition: a.b > 5ms + 3MB", "3:28: MB and ms cannot be compared"],
    [
      "condition: api.calls.failure_rate > 0.05",
      "3:41: 0.05 of what is in percent: write 5% or 0.05%",
    ],
    // grammar
    ["condition: a.b", "3:16: a condition compares a metric with a number: metric.path > 5"],
    ["condition: 4 > 5", "3:18: a condition compares a metric with a number: metric.path > 5"],
    ["condition: a.b >", "3:21: the condition ends where a metric or a number should stand"],
    [
      "condition: a.b > 5 c",
      '3:24: unknown unit "c"; known are us, ms, s, min, h, d, B, KB, MB, GB, KiB, MiB, GiB, %, /s, /min, /h',
    ],
    ["condition: a.b > (5", "3:24: expected a closing parenthesis"],
    ["condition: value > 5", '3:16: "value" of which metric? add metric: some.path to the rule'],
    ["condition: trend(a.b, 0m) > 5", "3:27: the duration is 0"],
    [
      "condition: a > 1\n    trend: fast",
      '4:12: a trend reads "> 0.1 per 1m over 30m", a metric\'s path before it or not; got "fast"',
    ],
    // fields
    [
      "metric: a\n    threshold: 5\n    operator: near",
      '5:15: unknown operator "near"; write >, >=, <, <=, == or !=',
    ],
    ["metric: a\n    trend: { per: 1m }", "4:12: alerts[0].trend: one of above and below"],
    ["conditon: a > 5", '3:5: unknown field: alerts[0].conditon; did you mean "condition"?'],
    [
      "condition: a > 5\n    duration: 5",
      '4:15: alerts[0].duration: not a valid duration string: "5"',
    ],
    [
      "condition: a > 5\n    duration: 5m\n    for: 5m",
      "5:10: duration and for say the same; write one",
    ],
    [
      "condition: a > 5\n    actions: [{page: me}]",
      '4:15: alerts[0].actions[0]: unknown action "page"; write "notify: NAME"',
    ],
    ["condition: a > 5\n    window: 0s", "4:13: alerts[0].window must be longer than 0"],
    [
      "condition: a > 5\n    annotations: { x: '{{ .Nope' }",
      '4:23: annotation "x": template: 1:1: unclosed action',
    ],
    // events, log lines, absence
    [
      "event: sign_up\n    condition: sign_up < 5",
      '4:16: a condition on events or log lines reads "fewer than 5 in 1h" or "more than 10 in 5m", not "sign_up < 5"',
    ],
    [
      "event: sign_up\n    fewer_than: 5",
      "2:5: alerts[0]: a rule on events or log lines needs one of fewer_than, at_most, more_than, at_least, and in: 1h",
    ],
    [
      "event: sign_up\n    fewer_than: 5\n    in: 2d",
      "2:5: events and log lines are counted over at most 1d: their counters forget what is older",
    ],
    [
      "logs: { level: eror }\n    more_than: 5\n    in: 1m",
      '3:20: unknown level "eror"; did you mean "error"?; levels are debug, info, warn, error, fatal',
    ],
    ["absent_for: 5m", "2:5: alerts[0]: absent_for needs metric, event or logs"],
    [
      "metric: a.p95\n    absent_for: 5m",
      "3:13: absent_for needs a metric itself, without an aggregate",
    ],
  ])("%s", (fields, message) => {
    expect(refusal(rule(fields))).toBe(message);
  });

  it("is refused in the file's own fields too", () => {
    expect(refusal("alerts: []\nmetrics: { a.b: 'sum(' }\n")).toContain("2:22: metrics: ");
    expect(refusal("alerts: []\ninterval: 1ms\n")).toBe("2:11: interval must be from 1s to 1d");
    expect(refusal("alerts: []\nreceivers: []\n")).toBe("2:1: unknown field: receivers");
    expect(refusal("alerts: 5\n")).toBe("1:9: alerts must be a list or a mapping of rules");
  });
});

describe("the shorthand", () => {
  it("is told from Prometheus' own files", () => {
    expect(isShorthand("alerts: []\n")).toBe(true);
    expect(isShorthand("rules: { a: { threshold: 5 } }\n")).toBe(true);
    expect(isShorthand("rules: [{ id: a, condition: b > 5 }]\n")).toBe(true);
    expect(isShorthand('{"thresholds": {"a": 5}}')).toBe(true);
    expect(isShorthand("groups: []\n")).toBe(false);
    expect(isShorthand("name: g\nrules: [{ alert: A, expr: up }]\n")).toBe(false);
    expect(isShorthand("name: g\nrules: []\n")).toBe(false);
    expect(isShorthand("- a: [")).toBe(false);
  });

  it("reads cooldowns as code writes them", () => {
    const cooldown = (text: string): string | undefined =>
      /vedette_cooldown: (\S+)/.exec(
        compiled(`rules: [{ name: a, condition: b > 1, cooldown: ${text} }]\n`).yaml,
      )?.[1];
    expect(["15", "300000", "45s", "0.5", "1000"].map(cooldown)).toEqual([
      "15m",
      "5m",
      "45s",
      "30s",
      "1s",
    ]);
  });

  it("has labels by which a route finds each action", () => {
    const slack = compileRegex("(.*,)?slack(,.*)?");
    expect(["slack", "slack,email", "email,slack", "a,slack,b"].map(slack)).not.toContain(false);
    expect(["slack-critical", "email,slack2", "email"].map(slack)).not.toContain(true);
    const { yaml } = compiled(
      "alerts:\n  - name: a\n    condition: b > 5\n    actions:\n      - notify: slack\n      - email\n      - notify: slack\n",
    );
    expect(yaml).toContain("actions: slack,email\n");
  });

  it("keeps braces of names out of its templates", () => {
    const file = { id: "{{ a", name: "{{ b }}", event: "{{ c", condition: "more than 1 in 1m" };
    const { yaml } = compiled(JSON.stringify({ alerts: [file] }));
    const r = parseRuleFile(yaml);
    expect(r.ok && r.value.groups[0]?.rules[0]).toMatchObject({
      name: "{{ b }}",
      labels: { rule: '{{ "{{ a" }}', event: '{{ "{{ c" }}' },
      annotations: { summary: '{{ "{{ b }}: " }}{{ $value }}{{ " (more than 1 {{ c in 1m)" }}' },
    });
    expect(refusal('alerts: [{ name: a, condition: b > 1, severity: "{{ c" }]')).toContain(
      'label "severity": template',
    );
    expect(refusal(`thresholds: { 'a{x="{{"}': 5 }`)).toBe("taken");
  });

  it("is bounded", () => {
    expect(refusal(`alerts: [{ name: a, condition: ${"a + ".repeat(20)}a > 1 }]`)).toContain(
      "more than 20 metrics in a condition",
    );
    const rules = "  - { name: a, condition: x.y > 1 }\n";
    expect(refusal(`alerts:\n${rules.repeat(501)}`)).toContain("more than 500 rules");
    const long = `metrics: { x.y: "${"m + ".repeat(700)}m" }\n`;
    expect(refusal(`${long}alerts:\n${rules.repeat(500)}`)).toContain("characters of PromQL");
  });

  it("refuses whatever else stands in its fields", () => {
    const names =
      "name id condition metric threshold trend event logs fewer_than in absent_for from_start by window duration cooldown severity actions labels annotations summary".split(
        " ",
      );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        "a.b > 5",
        "> 1 per 1m over 5m",
        "5m",
        "sign_up",
        "at least 3 in 1m",
        5,
        ["a"],
        "{{ oops",
        "{{ $labels.x }}",
        { level: "error" },
        [{ notify: "slack" }],
        true,
        null,
      ),
    );
    const rule = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 });
    const file = fc.record(
      {
        alerts: fc.oneof(
          fc.array(fc.oneof(rule, value), { maxLength: 3 }),
          fc.dictionary(fc.string(), rule),
          value,
        ),
        metrics: fc.oneof(fc.dictionary(fc.constantFrom("a.b", "a"), value), value),
        group: value,
        interval: value,
        window: value,
        labels: value,
      },
      { requiredKeys: ["alerts"] },
    );
    fc.assert(
      fc.property(file, (f) => {
        const r = compileShorthand(JSON.stringify(f));
        if (r.ok) expect(parseRuleFile(r.value.yaml).ok).toBe(true);
        else expect(r.error.line).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  }, 30_000);

  it("never fails otherwise than by refusing", () => {
    const word = fc.constantFrom(
      ...'a.b api.x.p95 cpu.usage value threshold trend( change( ( ) , per 30m > < >= == + - * / and or 5 0.1 80% 500ms 3MB 10/s {x="y"} avg_ error_rate max min'.split(
        " ",
      ),
    );
    const text = fc.array(word, { maxLength: 14 }).map((w) => w.join(" "));
    fc.assert(
      fc.property(text, text, (condition, metric) => {
        const file = `alerts: [{ name: a, threshold: 5, metric: ${JSON.stringify(metric)}, condition: ${JSON.stringify(condition)} }]`;
        const r = compileShorthand(file);
        if (r.ok) expect(parseRuleFile(r.value.yaml).ok).toBe(true);
        const free = compileShorthand(
          `alerts: [{ name: a, condition: ${JSON.stringify(condition)} }]`,
        );
        if (free.ok) expect(parseRuleFile(free.value.yaml).ok).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  }, 30_000);
});
