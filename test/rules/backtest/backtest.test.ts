import { describe, expect, it } from "vitest";
import { parseRouterConfig } from "../../../src/alerting/config-parse";
import type { Labels } from "../../../src/core/labels";
import { METRIC_NAME, labelsOf } from "../../../src/core/labels";
import { parseTested } from "../../../src/rules/backtest/input";
import { notificationsOf } from "../../../src/rules/backtest/notifications";
import { type BackTest, backTest } from "../../../src/rules/backtest/run";
import { evaluateGroup } from "../../../src/rules/evaluate-group";
import { startGroup } from "../../../src/rules/group";
import { VirtualStore } from "../../../src/rules/testing/virtual-store";

const START = Date.UTC(2026, 0, 5, 9, 0, 0);
const STEP = 15_000;
const SETTINGS = { externalUrl: "http://v", externalLabels: {}, queryOffsetMs: 0 };
const LIMITS = { maxEvaluations: 50_000, maxSamples: 10_000_000, maxCourses: 1_000 };

function series(name: string, labels: Record<string, string> = {}): Labels {
  return labelsOf({ [METRIC_NAME]: name, ...labels });
}

/** `values[i]` stands at START + i·step; undefined leaves a gap. */
function put(
  store: VirtualStore,
  labels: Labels,
  values: readonly (number | undefined)[],
  step = STEP,
): void {
  for (const [i, value] of values.entries())
    if (value !== undefined) store.add({ labels, timeMs: START + i * step, value });
}

function stored(): VirtualStore {
  const store = new VirtualStore();
  store.visibleUntilMs = Number.POSITIVE_INFINITY;
  return store;
}

async function run(yaml: string, store: VirtualStore, more: Partial<BackTest> = {}) {
  const parsed = parseTested(yaml);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const [group] = parsed.value;
  if (group === undefined) throw new Error("no group");
  const done = await backTest({
    spec: { ...group, namespace: "test", version: 0 },
    fromMs: START,
    toMs: START + 3_600_000,
    queryable: store,
    settings: SETTINGS,
    limits: LIMITS,
    ...more,
  });
  if (!done.ok) throw new Error(JSON.stringify(done.error));
  return done.value;
}

const RULE = `alert: Hot
expr: temperature > 80
for: 1m
labels: { severity: high }
`;

describe("a back-test", () => {
  it("tells when each alert would have been pending, firing and resolved", async () => {
    const store = stored();
    // Hot for 30 s, then for 5 min.
    const hot = (from: number, to: number) => (i: number) => i >= from && i < to;
    const short = hot(8, 10);
    const long = hot(40, 60);
    put(
      store,
      series("temperature", { room: "a" }),
      Array.from({ length: 200 }, (_, i) => (short(i) || long(i) ? 90 : 20)),
    );
    const { rules } = await run(RULE, store);
    expect(rules).toHaveLength(1);
    const courses = rules[0]?.courses ?? [];
    expect(courses).toHaveLength(2);
    const [first, second] = courses;
    const near = (ms: number | undefined, i: number): void => {
      expect(ms).toBeGreaterThanOrEqual(START + i * STEP);
      expect(ms).toBeLessThan(START + (i + 1) * STEP);
    };
    near(first?.pendingAtMs, 8);
    expect(first?.firedAtMs).toBeUndefined();
    near(first?.endedAtMs, 10);
    near(second?.pendingAtMs, 40);
    expect((second?.firedAtMs ?? 0) - (second?.pendingAtMs ?? 0)).toBe(60_000);
    near(second?.endedAtMs, 60);
    expect(second?.labels).toEqual({ alertname: "Hot", room: "a", severity: "high" });
  });

  it("knows a `for` that was running when the range began", async () => {
    const store = stored();
    put(
      store,
      series("temperature"),
      Array.from({ length: 100 }, () => 90),
    );
    const { rules } = await run(RULE, store, { fromMs: START + 600_000, toMs: START + 900_000 });
    const [course] = rules[0]?.courses ?? [];
    expect(course?.firedAtMs).toBeLessThanOrEqual(START + 600_000 + STEP);
  });

  it("evaluates recording rules that the alert reads, also one that stands on another", async () => {
    const store = stored();
    put(
      store,
      series("x", { i: "1" }),
      Array.from({ length: 100 }, (_, i) => i),
    );
    put(
      store,
      series("x", { i: "2" }),
      Array.from({ length: 100 }, (_, i) => i),
    );
    const { rules } = await run(
      `name: g
rules:
  - { record: "x:sum", expr: sum(x) }
  - { record: "x:twice", expr: "2 * x:sum" }
  - { alert: Much, expr: "x:twice > 200" }
  - { record: unread, expr: "sum(" }
`.replace('  - { record: unread, expr: "sum(" }\n', ""),
      store,
    );
    const [course] = rules[0]?.courses ?? [];
    // 4·i > 200 from i = 51 on, seen at the next time of the grid.
    expect(course?.firedAtMs).toBeGreaterThanOrEqual(START + 51 * STEP);
    expect(course?.firedAtMs).toBeLessThan(START + 52 * STEP);
  });

  it("counts failures, and goes on", async () => {
    const store = stored();
    put(
      store,
      series("a", { x: "1" }),
      Array.from({ length: 20 }, () => 1),
    );
    put(
      store,
      series("a", { x: "2" }),
      Array.from({ length: 20 }, () => 1),
    );
    const { rules } = await run(`alert: Bad\nexpr: a * on() a > 0\n`, store, {
      toMs: START + 20 * STEP,
    });
    expect(rules[0]?.failures).toBeGreaterThan(10);
    expect(rules[0]?.lastError).toContain("many-to-many");
  });

  it.each([
    ["a rule", RULE],
    ["a rule whose name comes second", "expr: temperature > 80\nalert: Hot\n"],
    ["a rule as JSON", '{"alert": "Hot", "expr": "temperature > 80"}'],
    ["a rule of a list", "- alert: Hot\n  expr: temperature > 80\n"],
    [
      "a rule as it is indented in its file",
      "      - alert: Hot\n        expr: temperature > 80\n",
    ],
    ["a group", "name: g\nrules:\n  - alert: Hot\n    expr: temperature > 80\n"],
    ["a group in one line", "{name: g, rules: [{alert: Hot, expr: temperature > 80}]}"],
    ["a group of a list", "- name: g\n  rules:\n    - alert: Hot\n      expr: temperature > 80\n"],
    ["a file", "groups: [{name: g, rules: [{alert: Hot, expr: temperature > 80}]}]"],
    ["a threshold", "name: Hot\ncondition: temperature > 80\n"],
    ["a threshold of a list", "---\n- name: Hot\n  condition: temperature > 80\n"],
    ["a file of thresholds", "alerts: [{name: Hot, condition: temperature > 80}]"],
  ])("takes %s", (_, text) => {
    const parsed = parseTested(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(parsed.value.flatMap((g) => g.rules.map((r) => r.name))).toEqual(["Hot"]);
  });

  it("takes several rules, and names the place of what is wrong in the text as it was given", () => {
    const two = "- alert: A\n  expr: up == 0\n- alert: B\n  expr: up ==\n";
    const right = parseTested(two.replace("==\n", "== 1\n"));
    expect(right.ok && right.value[0]?.rules.map((r) => r.name)).toEqual(["A", "B"]);
    expect(parseTested(two)).toMatchObject({ ok: false, error: { line: 4 } });
    expect(parseTested("alert: A\nexpr: up == 0\nfro: 5m\n")).toMatchObject({
      ok: false,
      error: { line: 3, column: 1 },
    });
  });

  it("refuses what is too much by name", async () => {
    const store = stored();
    put(
      store,
      series("temperature"),
      Array.from({ length: 240 }, () => 90),
    );
    const parsedAll = parseTested("alert: A\nexpr: count_over_time(temperature[1h]) > 0\n");
    if (!parsedAll.ok) throw new Error("not parsed");
    const [whole] = parsedAll.value;
    if (whole === undefined) throw new Error("no group");
    expect(
      await backTest({
        spec: { ...whole, namespace: "", version: 0 },
        fromMs: START,
        toMs: START + 3_600_000,
        queryable: store,
        settings: SETTINGS,
        limits: { ...LIMITS, maxSamples: 10_000 },
      }),
    ).toMatchObject({ ok: false, error: { reason: "too_many_samples", limit: 10_000 } });
    const parsed = parseTested(RULE);
    if (!parsed.ok) throw new Error("not parsed");
    const spec = {
      ...(parsed.value[0] as NonNullable<(typeof parsed.value)[0]>),
      namespace: "",
      version: 0,
    };
    const asked = {
      spec,
      fromMs: START,
      toMs: START + 86_400_000,
      queryable: stored(),
      settings: SETTINGS,
    };
    expect(
      await backTest({ ...asked, limits: { ...LIMITS, maxEvaluations: 1_000 } }),
    ).toMatchObject({
      ok: false,
      error: { reason: "too_many_evaluations", limit: 1_000 },
    });
    expect(
      await backTest({ ...asked, spec: { ...spec, rules: [] }, limits: LIMITS }),
    ).toMatchObject({
      ok: false,
      error: { reason: "nothing_to_test" },
    });
  });
});

/** Runs a group as production does: on the grid and at odd moments, each on what had arrived by then. */
async function live(
  yaml: string,
  arrivals: readonly {
    readonly arrivesAtMs: number;
    readonly timeMs: number;
    readonly value: number;
  }[],
  times: readonly { readonly atMs: number; readonly occasion: "grid" | "write" }[],
) {
  const parsed = parseTested(yaml);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const group = startGroup(
    {
      ...(parsed.value[0] as NonNullable<(typeof parsed.value)[0]>),
      namespace: "test",
      version: 1,
    },
    new Map(),
  );
  const store = stored();
  const firings = new Map<
    string,
    { above: string | undefined; firedAtMs: number; endedAtMs: number | undefined }
  >();
  const waiting = arrivals.toSorted((a, b) => a.arrivesAtMs - b.arrivesAtMs);
  for (const { atMs, occasion } of times) {
    while (waiting[0] !== undefined && waiting[0].arrivesAtMs <= atMs) {
      const { timeMs, value } = waiting.shift() as (typeof waiting)[0] & object;
      store.add({ labels: series("temperature"), timeMs, value });
    }
    const { samples } = await evaluateGroup(group, {
      queryable: store,
      clock: () => 0,
      atMs,
      occasion,
      settings: SETTINGS,
      onFault: (_, e) => {
        throw e;
      },
    });
    for (const s of samples) store.add(s);
    for (const r of group.rules)
      for (const a of r.progress.alerting.alerts.values())
        if (a.firedAtMs > 0)
          firings.set(`${a.firedAtMs} ${a.labels["above"] ?? ""}`, {
            above: a.labels["above"],
            firedAtMs: a.firedAtMs,
            endedAtMs: a.phase === "resolved" ? a.resolvedAtMs : undefined,
          });
  }
  for (const w of waiting)
    store.add({ labels: series("temperature"), timeMs: w.timeMs, value: w.value });
  return { store, firings: [...firings.values()] };
}

describe("over a range in which the rule ran", () => {
  it.each([
    ["for: 1m", RULE],
    ["nothing to wait for", "alert: Hot\nexpr: temperature > 80\n"],
    ["a cooldown", "alert: Hot\nexpr: temperature > 80\ncooldown: 5m\n"],
    [
      "a label from the value",
      "alert: Hot\nexpr: temperature > 80\nlabels: { above: '{{ if gt $value 95.0 }}much{{ else }}little{{ end }}' }\n",
    ],
    ["a range", "alert: Hot\nexpr: avg_over_time(temperature[1m]) > 78\nfor: 30s\n"],
  ])(
    "gives exactly what happened (%s), though samples came late, evaluations came on writes and some were missed",
    async (_, yaml) => {
      let seed = 7;
      const random = (): number => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
        return seed / 0x7fffffff;
      };
      for (let round = 0; round < 25; round++) {
        const arrivals = Array.from({ length: 240 }, (_, i) => ({
          timeMs: START + i * STEP,
          // Every now and then by up to a minute.
          arrivesAtMs: START + i * STEP + (random() < 0.3 ? Math.floor(random() * 60_000) : 200),
          value: Math.sin(i / 7 + round) * 30 + 60 + random() * 20,
        }));
        const times: { atMs: number; occasion: "grid" | "write" }[] = [];
        for (let at = START + 4_000; at < START + 3_600_000; at += STEP) {
          if (random() < 0.05) continue;
          times.push({ atMs: at, occasion: "grid" });
          if (random() < 0.4)
            times.push({ atMs: at + 1_000 + Math.floor(random() * 12_000), occasion: "write" });
        }
        const { store, firings } = await live(yaml, arrivals, times);
        const { rules } = await run(yaml, store, { ranSinceMs: () => START });
        const told = (rules[0]?.courses ?? [])
          .filter((c) => c.firedAtMs !== undefined)
          .map((c) => ({
            above: c.labels["above"],
            firedAtMs: c.firedAtMs,
            endedAtMs: c.endedAtMs,
          }));
        const order = (list: readonly object[]): string[] =>
          list.map((f) => JSON.stringify(f)).sort();
        expect(order(told), `round ${round}`).toEqual(order(firings));
        expect(firings.length).toBeGreaterThan(2);
      }
    },
  );
});

describe("the messages of a back-test", () => {
  it("are those that the routing in force would send", async () => {
    const store = stored();
    put(
      store,
      series("temperature"),
      Array.from({ length: 240 }, (_, i) => (i >= 40 && i < 120 ? 90 : 20)),
    );
    const { changes } = await run(RULE, store);
    const config = parseRouterConfig(`
route: { receiver: a, group_wait: 30s, group_interval: 1m, repeat_interval: 10m }
receivers: [{ name: a, webhook_configs: [{ url: "http://example.com/" }] }]
`);
    if (!config.ok) throw new Error(config.error.message);
    // A parser that tells more than the configuration gives it as a field.
    const value = "config" in config.value ? config.value.config : config.value;
    const told = notificationsOf(
      { projectId: "p", config: value as never, externalUrl: "" },
      changes,
      START + 3_600_000,
    );
    expect(told.map((m) => [m.reason, m.firing, m.resolved])).toEqual([
      ["first_notification", 1, 0],
      ["repeat_interval", 1, 0],
      ["all_resolved", 0, 1],
    ]);
    const [first] = told;
    expect(first?.receiver).toBe("a");
  });
});
