import { describe, expect, it } from "vitest";
import { parseGroup, parseRuleFile } from "../../src/rules/rule-file";
import { groupYaml, namespacesYaml } from "../../src/rules/rule-yaml";

const parsed = (text: string) => {
  const r = parseRuleFile(text);
  if (!r.ok) throw new Error(`${r.error.line}:${r.error.column}: ${r.error.message}`);
  return r.value;
};
const refusal = (text: string): string => {
  const r = parseRuleFile(text);
  return r.ok ? "taken" : `${r.error.line}:${r.error.column}: ${r.error.message}`;
};
const one = (rule: string): string =>
  `groups:\n- name: g\n  rules:\n  - ${rule.replaceAll("\n", "\n    ")}\n`;

describe("a rule file", () => {
  it("is read with its defaults", () => {
    const { groups } = parsed(`groups:
- name: g
  interval: 30s
  limit: 5
  query_offset: 1m
  labels: {team: db}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {team: own}
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 10m
    cooldown: 15m
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.job }} is down"}
  - alert: Annotated
    expr: "1"
    annotations: {vedette_cooldown: 1h}
  - alert: Flappy
    expr: up
    flap: {changes: 4, within: 10m}
  - alert: FlappyAnnotated
    expr: up
    annotations: {vedette_flap: "5 in 10m, calm 20m"}
- name: plain
  rules: []
`);
    expect(groups.map((g) => ({ ...g, node: null }))).toEqual([
      {
        name: "g",
        node: null,
        intervalMs: 30_000,
        limit: 5,
        queryOffsetMs: 60_000,
        rules: [
          {
            kind: "recording",
            name: "job:up:sum",
            expr: "sum by (job) (up)",
            labels: { team: "own" },
          },
          {
            kind: "alerting",
            name: "Down",
            expr: "up == 0",
            labels: { team: "db", severity: "critical" },
            annotations: { summary: "{{ $labels.job }} is down" },
            forMs: 300_000,
            keepFiringForMs: 600_000,
            cooldownMs: 900_000,
          },
          {
            kind: "alerting",
            name: "Annotated",
            expr: "1",
            labels: { team: "db" },
            annotations: { vedette_cooldown: "1h" },
            forMs: 0,
            keepFiringForMs: 0,
            cooldownMs: 3_600_000,
          },
          {
            kind: "alerting",
            name: "Flappy",
            expr: "up",
            labels: { team: "db" },
            annotations: {},
            forMs: 0,
            keepFiringForMs: 0,
            cooldownMs: 0,
            flap: { changes: 4, withinMs: 600_000, calmMs: 600_000 },
          },
          {
            kind: "alerting",
            name: "FlappyAnnotated",
            expr: "up",
            labels: { team: "db" },
            annotations: { vedette_flap: "5 in 10m, calm 20m" },
            forMs: 0,
            keepFiringForMs: 0,
            cooldownMs: 0,
            flap: { changes: 5, withinMs: 600_000, calmMs: 1_200_000 },
          },
        ],
      },
      { name: "plain", node: null, intervalMs: 15_000, limit: 0, rules: [] },
    ]);
  });

  it.each([
    ["groups: [", /^1:10: .*flow/i],
    ["group: []", "1:1: a rule file begins with groups:"],
    ["", "1:1: a rule file begins with groups:"],
    ["groups: []\nmore: 1", "2:1: unknown field: more"],
    ["groups:\n- rules: []\n", "2:3: Groupname must not be empty"],
    ["groups:\n- name: a\n- name: a\n", '3:3: groupname: "a" is repeated in the same file'],
    ["groups:\n- name: a\n  interval: 10ms\n", "3:13: interval must be from 1s to 1d"],
    [
      "groups:\n- name: a\n  interval: fast\n",
      /^3:13: groups\[0\]\.interval: not a valid duration/,
    ],
    ["groups:\n- name: a\n  ruels: []\n", "3:3: unknown field: groups[0].ruels"],
    ["groups:\n- name: a\n  limit: -1\n", /^3:10: .*whole number/],
    [one("expr: up"), "4:5: one of 'record' or 'alert' must be set"],
    [one("alert: A\nrecord: b\nexpr: up"), "5:13: only one of 'record' and 'alert' must be set"],
    [one("alert: A"), "4:5: field 'expr' must be set in rule"],
    [
      one("record: a{b}\nexpr: up"),
      "4:13: braces present in the recording rule name; should it be in expr?: a{b}",
    ],
    [one("record: a\nexpr: up\nfor: 1m"), "6:10: invalid field 'for' in recording rule"],
    [one("record: a\nexpr: up\ncooldown: 1m"), "6:15: invalid field 'cooldown' in recording rule"],
    [one("alert: A\nexpr: up\nlabels: {'': c}"), "6:18: invalid label name: "],
    [one("alert: A\nexpr: up\nlabels: {__name__: c}"), "6:24: invalid label name: __name__"],
    [one("alert: A\nexpr: up\nfro: 1m"), "6:5: unknown field: groups[0].rules[0].fro"],
    [
      one("alert: A\nexpr: up\nannotations: {vedette_cooldown: soon}"),
      /^6:37: vedette_cooldown: not a valid duration/,
    ],
    [one("record: a\nexpr: up\nflap: {}"), "6:11: invalid field 'flap' in recording rule"],
    [one("alert: A\nexpr: up\nflap: {changes: 4}"), /^6:11: missing: .*flap\.within/],
    [one("alert: A\nexpr: up\nflap: {changes: 2, within: 5m}"), /^6:11: .*from 3 to 100/],
    [one("alert: A\nexpr: up\nflap: {changes: 3, within: 5m, so: 1}"), /unknown field: .*flap\.so/],
    [
      one("alert: A\nexpr: up\nannotations: {vedette_flap: often}"),
      /^6:33: vedette_flap: not "<changes> in <duration>/,
    ],
    [one("alert: A\nexpr: up +"), /^5:15: rule "A": could not parse expression: 1:5: parse error/],
    [one("alert: A\nexpr: 'up +'"), /^5:16: /],
    [
      one("alert: A\nexpr: |\n  up\n    + on(a b) down"),
      /^7:1\d: rule "A": could not parse expression: 2:/,
    ],
    [one("alert: A\nexpr: up[5m]"), /^5:11: .*gives a matrix/],
    [one('alert: A\nexpr: up{a=~"(?=x)"}'), /^5:\d+: .*could not parse expression/],
    [
      one('alert: A\nexpr: up\nannotations: {s: "{{ $labels." }'),
      /^6:22: annotation "s": template: /,
    ],
  ])("is refused with its place: %j", (text, expected) => {
    if (typeof expected === "string") expect(refusal(text)).toBe(expected);
    else expect(refusal(text)).toMatch(expected);
  });

  it("warns of a rule that is there twice", () => {
    expect(parsed(`${one("alert: A\nexpr: up")}  - alert: A\n    expr: down\n`).warnings).toEqual([
      "6:5: a rule A with the same labels stands above it",
    ]);
  });

  it("stays small where aliases make much of little", () => {
    const rule = "{alert: A, expr: up}";
    const many = Array.from({ length: 100 }, () => rule).join(", ");
    const groups = Array.from(
      { length: 150 },
      (_, i) => `- {name: g${i}, rules: ${i === 0 ? `&r [${many}]` : "*r"}}`,
    ).join("\n");
    expect(refusal(`groups:\n${groups}\n`)).toMatch(/more than 5000 rules in one file/);
  });

  it("takes a regular expression that would blow up elsewhere", () => {
    expect(refusal(one('alert: A\nexpr: up{a=~"(x+x+)+y"}'))).toBe("taken");
  });
});

it("names what promtool would refuse, and what to write instead", () => {
  const text = one("alert: A\nexpr: up\ncooldown: 15m\nflap: {changes: 4, within: 10m}");
  const { extensions } = parsed(text);
  expect(extensions).toEqual([
    "6:15: cooldown is Vedette's own; Prometheus takes the annotation vedette_cooldown: 15m",
    "7:11: flap is Vedette's own; Prometheus takes the annotation vedette_flap: 4 in 10m, calm 10m",
  ]);
});

describe("a group's own YAML", () => {
  it("keeps comments, and follows aliases out of the group", () => {
    const two = parsed(
      "groups:\n- name: a\n  labels: &l {team: db}\n  rules: [] # none yet\n- name: b\n  labels: *l\n  rules: []\n",
    );
    expect(two.groups.map((g) => groupYaml(two.file, g))).toEqual([
      "name: a\nlabels: &l { team: db }\nrules: [] # none yet\n",
      "name: b\nlabels:\n  team: db\nrules: []\n",
    ]);
  });

  it("goes through the listing unharmed", () => {
    const yaml = 'name: "x: y"\nrules:\n  - alert: A\n    expr: |\n      up\n        == 0\n';
    const listed = namespacesYaml(new Map([["a/b", [yaml, "name: z\n"]]]));
    expect(listed).toBe(
      'a/b:\n  - name: "x: y"\n    rules:\n      - alert: A\n        expr: |\n          up\n            == 0\n  - name: z\n',
    );
    expect(parseGroup(yaml).ok).toBe(true);
  });
});
