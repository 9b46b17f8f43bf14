import { describe, expect, it } from "vitest";
import {
  type Labels,
  compareLabels,
  labelValue,
  labelsKey,
  labelsOf,
  renderLabels,
} from "../../src/core/labels";
import { compileMatchers } from "../../src/core/matchers";
import {
  type Queryable,
  SampleBudgetError,
  ShardUnavailableError,
} from "../../src/core/metric-store";
import type { Series } from "../../src/core/series";
import { bitsOf, isStaleAt, setStaleAt } from "../../src/core/stale";
import { readBatch } from "../../src/core/batch";
import { parseHistogram } from "../../src/core/histogram-notation";
import { coalesced } from "../../src/rules/coalesce";
import {
  type RunningGroup,
  alertsAtMs,
  firingSet,
  startGroup,
  touchedRules,
} from "../../src/rules/group";
import { evaluateRule } from "../../src/rules/evaluate";
import { evaluateGroup } from "../../src/rules/evaluate-group";
import { overlay } from "../../src/rules/overlay";
import { type PendingSample, PendingSamples } from "../../src/rules/pending";
import { packProgress, unpackProgress } from "../../src/rules/progress";
import { packSamples } from "../../src/rules/samples";
import { VirtualStore } from "../../src/rules/testing/virtual-store";
import { parseGroup } from "../../src/rules/rule-file";

/** Samples in memory, with the semantics of the store's select. */
class Memory implements Queryable {
  private readonly series = new Map<
    string,
    { labels: Labels; samples: [number, number | undefined][] }
  >();

  add(labels: Labels, timeMs: number, value: number | undefined): void {
    const s = this.series.get(labelsKey(labels)) ?? { labels, samples: [] };
    s.samples = [
      ...s.samples.filter(([t]) => t !== timeMs),
      [timeMs, value] as [number, number | undefined],
    ].sort((a, b) => a[0] - b[0]);
    this.series.set(labelsKey(labels), s);
  }

  async select(
    requests: Parameters<Queryable["select"]>[0],
  ): Promise<readonly (readonly Series[])[]> {
    return requests.map((r) => {
      const matches = compileMatchers(r.matchers);
      return [...this.series.values()].flatMap((s) => {
        const inside = s.samples.filter(([t]) => t > r.startMs && t <= r.endMs);
        if (inside.length === 0 || !matches(s.labels)) return [];
        const values = Float64Array.from(inside, ([, v]) => v ?? 0);
        inside.forEach(([, v], i) => v === undefined && setStaleAt(bitsOf(values), i));
        return [{ labels: s.labels, timestamps: Float64Array.from(inside, ([t]) => t), values }];
      });
    });
  }
}

function group(yaml: string): RunningGroup {
  const parsed = parseGroup(yaml);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const [g] = parsed.value.groups;
  if (g === undefined) throw new Error("no group");
  return startGroup({ ...g, version: 1, namespace: "n" }, new Map());
}

/** One evaluation of all rules; what they write goes into `store`. Gives the written samples as lines. */
async function run(g: RunningGroup, store: Memory | Queryable, atMs: number): Promise<string[]> {
  const pending = new PendingSamples();
  const written: PendingSample[] = [];
  for (const r of g.rules) {
    const done = await evaluateRule(r, r.progress, {
      queryable: store,
      atMs,
      queryOffsetMs: g.spec.queryOffsetMs ?? 0,
      limit: g.spec.limit,
      settings: SETTINGS,
      pending,
    });
    const { course, buckets } = packProgress(done.progress, undefined);
    r.progress = unpackProgress(course, [...buckets.values()]).progress; // as over a restart
    written.push(...done.samples);
  }
  if (store instanceof Memory) for (const s of written) store.add(s.labels, s.timeMs, s.value);
  return written
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .map((s) => `${renderLabels(s.labels)} ${s.value ?? "stale"}`);
}

const SETTINGS = { externalUrl: "http://v", externalLabels: {}, queryOffsetMs: 0 };
const up = (i: string): Labels => labelsOf({ __name__: "up", i });
const errorsOf = (g: RunningGroup): string[] => g.rules.map((r) => r.progress.lastError);

describe("a group's evaluation", () => {
  it("lets a later rule see what an earlier one gives, and ends series that are no more", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    store.add(up("2"), 1_000, 3);
    const g = group(
      "name: g\nrules:\n- record: r\n  expr: up * 2\n- record: s\n  expr: sum(r)\n- alert: Big\n  expr: r > 5\n",
    );
    expect(await run(g, store, 1_000)).toEqual([
      'ALERTS{alertname="Big", alertstate="firing", i="2"} 1',
      'ALERTS_FOR_STATE{alertname="Big", i="2"} 1',
      'r{i="1"} 2',
      'r{i="2"} 6',
      "s 8",
    ]);
    store.add(up("2"), 2_000, undefined);
    expect(await run(g, store, 2_000)).toEqual([
      'ALERTS{alertname="Big", alertstate="firing", i="2"} stale',
      'ALERTS_FOR_STATE{alertname="Big", i="2"} stale',
      'r{i="1"} 2',
      'r{i="2"} stale',
      "s 2",
    ]);
  });

  it("goes on with the pending time that ALERTS_FOR_STATE tells, where it remembers nothing", async () => {
    const since = (minutesPending: number): Promise<string[]> => {
      const store = new Memory();
      const downAt = 3_600_000;
      const forState = labelsOf({ __name__: "ALERTS_FOR_STATE", alertname: "A", i: "1" });
      store.add(forState, downAt, downAt / 1000 - minutesPending * 60);
      const at = downAt + 300_000;
      store.add(up("1"), at, 1);
      return run(group("name: g\nrules:\n- alert: A\n  expr: up\n  for: 30m\n"), store, at);
    };
    const at = (seconds: number): string => `ALERTS_FOR_STATE{alertname="A", i="1"} ${seconds}`;
    // Ten of thirty minutes: the five that nobody looked are added.
    expect(await since(10)).toContain(at(3600 - 600 + 300));
    // Less than the grace was left: ten minutes remain.
    expect(await since(25)).toContain(at(3900 + 600 - 1800));
    // It fired: it fires again at once.
    expect(await since(31)).toContain(at(3600 - 1860));
  });

  it("moves ALERTS from pending to firing", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const g = group("name: g\nrules:\n- alert: A\n  expr: up\n  for: 5s\n");
    expect(await run(g, store, 10_000)).toEqual([
      'ALERTS{alertname="A", alertstate="pending", i="1"} 1',
      'ALERTS_FOR_STATE{alertname="A", i="1"} 10',
    ]);
    expect(await run(g, store, 15_000)).toEqual([
      'ALERTS{alertname="A", alertstate="firing", i="1"} 1',
      'ALERTS{alertname="A", alertstate="pending", i="1"} stale',
      'ALERTS_FOR_STATE{alertname="A", i="1"} 10',
    ]);
  });

  it("looks back by query_offset, and writes there too", async () => {
    const store = new Memory();
    store.add(up("1"), 10_000, 1);
    const g = group("name: g\nquery_offset: 30s\nrules:\n- record: r\n  expr: up + time()\n");
    expect(await run(g, store, 39_999)).toEqual([]);
    expect(await run(g, store, 40_000)).toEqual(['r{i="1"} 11']);
    expect(
      (
        await store.select([
          { matchers: [{ type: "=", name: "__name__", value: "r" }], startMs: 0, endMs: 100_000 },
        ])
      )[0]?.[0]?.timestamps,
    ).toEqual(Float64Array.of(10_000));
  });

  it("takes a scalar as a vector of one, and NaN as a value", async () => {
    const g = group(
      "name: g\nrules:\n- record: r\n  expr: 7\n- alert: N\n  expr: vector(0) / 0\n  annotations: {v: '{{ $value }}'}\n",
    );
    expect((await run(g, new Memory(), 1_000)).at(-1)).toBe("r 7");
    expect(firingSet(g, 1_000, SETTINGS)).toMatchObject([
      {
        value: Number.NaN,
        annotations: { v: "NaN" },
        endsAtMs: 241_000,
        generatorUrl: "http://v/explore?q=vector(0)%20%2F%200",
      },
    ]);
  });

  it("names what is wrong and changes nothing", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const g = group(
      "name: g\nlimit: 1\nrules:\n- alert: A\n  expr: up\n  labels: {i: same}\n- record: r\n  expr: up\n  labels: {i: same}\n- alert: L\n  expr: up\n",
    );
    await run(g, store, 1_000);
    expect(errorsOf(g)).toEqual(["", "", ""]);
    store.add(up("2"), 2_000, 1);
    expect(await run(g, store, 2_000)).toEqual([]);
    expect(errorsOf(g)).toEqual([
      "vector contains metrics with the same labelset after applying alert labels",
      "vector contains metrics with the same labelset after applying rule labels",
      "exceeded limit of 1 with 2 alerts",
    ]);
    expect(firingSet(g, 2_000, SETTINGS).map((a) => [a.status, a.labels])).toEqual([
      ["firing", { alertname: "A", i: "same" }],
      ["firing", { alertname: "L", i: "1" }],
    ]);
  });

  it("resolves nothing while the store does not answer", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const g = group("name: g\nrules:\n- alert: A\n  expr: up\n");
    await run(g, store, 1_000);
    const down: Queryable = {
      select: () => Promise.reject(new ShardUnavailableError("shard 0 does not answer")),
    };
    for (let t = 2_000; t < 3_600_000; t += 60_000) await run(g, down, t);
    expect(errorsOf(g)).toEqual(["shard 0 does not answer"]);
    expect(firingSet(g, 3_600_000, SETTINGS)).toMatchObject([
      { status: "firing", startsAtMs: 1_000 },
    ]);
  });

  it("outlives a hostile template", async () => {
    const store = new Memory();
    for (let i = 0; i < 200; i++)
      store.add(
        labelsOf({
          __name__: "up",
          ...Object.fromEntries(Array.from({ length: 30 }, (_, k) => [`l${k}`, `v${i}`])),
        }),
        1_000,
        1,
      );
    const nested = "{{ range $labels }}".repeat(12) + "{{ . }}" + "{{ end }}".repeat(12);
    const loop = '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}';
    const g = group(
      `name: g\nrules:\n- alert: H\n  expr: up\n  annotations:\n    nested: '${nested}'\n    loop: '${loop}'\n    wide: '{{ printf "%999999999d" 1 }}'\n    fine: ok\n`,
    );
    const began = performance.now();
    await run(g, store, 1_000);
    expect(performance.now() - began).toBeLessThan(10_000);
    const [alert] = firingSet(g, 1_000, SETTINGS);
    expect(alert?.annotations["fine"]).toBe("ok");
    expect(alert?.annotations["nested"]).toMatch(/^<error expanding template: 1:\d+: /);
    expect(alert?.annotations["loop"]).toMatch(/^<error expanding template: 1:\d+: /);
    expect((alert?.annotations["wide"] ?? "").length).toBeLessThan(100_000);
  });
});

describe("rules that are asked together", () => {
  const waves = (yaml: string): string[][] =>
    group(`name: g\nrules:\n${yaml}`).waves.map((w) => w.map((r) => r.rule.name));

  it("are those that do not read what others of them write", () => {
    expect(
      waves(
        "- {record: a, expr: up}\n- {record: b, expr: down}\n- {record: c, expr: a + 1}\n- {alert: D, expr: up}\n- {record: e, expr: count(ALERTS)}\n- {record: f, expr: '{__name__=~\"e|x\"}'}\n- {record: g, expr: '{job=\"x\"}'}\n",
      ),
    ).toEqual([["a", "b"], ["c", "D"], ["e"], ["f"], ["g"]]);
  });

  it("are not those whose templates may query", () => {
    expect(
      waves(
        "- {record: a, expr: up}\n- {alert: B, expr: up, annotations: {t: '{{ query \"a\" }}'}}\n- {alert: C, expr: up, annotations: {t: 'query {{ $value }}'}}\n",
      ),
    ).toEqual([["a"], ["B", "C"]]);
  });

  it("cost one call to the store, and are few enough to be held at once", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const calls: number[] = [];
    const counting: Queryable = {
      select: (requests) => {
        calls.push(requests.length);
        return store.select(requests);
      },
    };
    const rules = Array.from({ length: 30 }, (_, i) => `- {record: r${i}, expr: up + ${i}}\n`);
    const g = group(`name: g\nrules:\n${rules.join("")}`);
    const { samples } = await evaluateGroup(g, {
      queryable: counting,
      clock: () => 0,
      atMs: 1_000,
      occasion: "grid",
      settings: SETTINGS,
      onFault: () => undefined,
    });
    expect(samples.map((s) => s.value)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(calls).toEqual([20, 10]);
  });

  it("fail as timed out where those before took too long", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    let now = 0;
    const slow: Queryable = {
      select: (requests) => {
        now += 121_000;
        return store.select(requests);
      },
    };
    const g = group("name: g\nrules:\n- {record: a, expr: up}\n- {record: b, expr: a}\n");
    const settings = { ...SETTINGS, queryOffsetMs: 0 };
    const e = { queryable: slow, clock: () => now, settings, onFault: () => undefined };
    const { samples } = await evaluateGroup(g, { ...e, atMs: 1_000, occasion: "grid" });
    expect(samples).toHaveLength(1);
    expect(errorsOf(g)).toEqual(["", "the group's evaluation took more than 120 s"]);
    expect([g.rules[0]?.evaluationMs, g.rules[1]?.progress.health]).toEqual([121_000, "err"]);
  });
});

describe("what a deployment sets for all rules", () => {
  const at = async (yaml: string): Promise<string[]> => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    store.add(up("1"), 61_000, 2);
    const g = group(
      `name: g\n${yaml}rules:\n- {record: r, expr: up}\n- alert: A\n  expr: up\n  labels: {site: own}\n  annotations: {t: '{{ $externalLabels.cluster }}{{ .ExternalLabels.site }}'}\n`,
    );
    const settings = {
      externalUrl: "http://v/sub",
      externalLabels: { cluster: "eu1", site: "b" },
      queryOffsetMs: 60_000,
    };
    const { samples } = await evaluateGroup(g, {
      queryable: store,
      clock: () => 0,
      atMs: 61_000,
      occasion: "grid",
      settings,
      onFault: () => undefined,
    });
    const [alert] = firingSet(g, 61_000, settings);
    expect(alert?.labels).toEqual({ alertname: "A", i: "1", site: "own", cluster: "eu1" });
    expect(alert?.annotations).toEqual({ t: "eu1b" });
    return samples.slice(0, 1).map((s) => `${s.value} at ${s.timeMs}`);
  };

  it("is the query offset of groups that name none, and labels of every alert", async () => {
    expect(await at("")).toEqual(["1 at 1000"]);
    expect(await at("query_offset: 0s\n")).toEqual(["2 at 61000"]);
  });
});

describe("a query in a template", () => {
  const text = async (template: string): Promise<string | undefined> => {
    const store = new Memory();
    for (let i = 0; i < 3; i++) store.add(up(String(i)), 1_000, i);
    const g = group(
      `name: g\nrules:\n- {record: twice, expr: up * 2}\n- alert: A\n  expr: up > 1\n  annotations: {t: '${template}'}\n`,
    );
    await run(g, store, 1_000);
    return firingSet(g, 1_000, SETTINGS)[0]?.annotations["t"];
  };

  it("sees what earlier rules gave, and answers that lead to further ones", async () => {
    expect(await text('{{ with query "sum(twice)" }}{{ . | first | value }}{{ end }}')).toBe("6");
    expect(
      await text(
        '{{ range query "up" | sortByLabel "i" }}{{ .Labels.i }}={{ with query (printf "twice{i=%q}" .Labels.i) }}{{ . | first | value }}{{ end }} {{ end }}',
      ),
    ).toBe("0=0 1=2 2=4 ");
  });

  it("fails by name, and never for ever", async () => {
    expect(await text('{{ query "up +" }}')).toContain("unexpected end of input");
    expect(await text('{{ query "nothing" | first }}')).toContain("first() called on vector");
    expect(await text('{{ range query "up * 0" }}{{ $v := query "vector(1)" }}{{ end }}ok')).toBe(
      "ok",
    );
    const deep = 'query (printf "%v" ('.repeat(7);
    expect(await text(`{{ ${deep}1${"))".repeat(7)} }}`)).toMatch(/^<error|^\[/);
  });
});

describe("a recorded native histogram", () => {
  it("is seen by later rules, written as one, and ended by a stale marker", async () => {
    const parsed = parseHistogram("{{schema:1 sum:3 count:2 buckets:[1 1]}}");
    if (!parsed.ok) throw new Error(parsed.error);
    const store = new VirtualStore();
    store.visibleUntilMs = Infinity;
    const labels = labelsOf({ __name__: "h", i: "1" });
    store.add({ labels, timeMs: 1_000, value: Number.NaN, histogram: parsed.value });
    const g = group(
      "name: g\nrules:\n- {record: r, expr: h}\n- {record: s, expr: histogram_sum(r)}\n",
    );
    const at = async (atMs: number) => {
      const e = { queryable: store, clock: () => 0, settings: SETTINGS, onFault: () => undefined };
      return (await evaluateGroup(g, { ...e, atMs, occasion: "grid" })).samples;
    };
    const written = await at(1_000);
    expect(written.map((s) => [labelValue(s.labels, "__name__"), s.value])).toEqual([
      ["r", Number.NaN],
      ["s", 3],
    ]);
    const batch = readBatch(packSamples(written) as Uint8Array); // there are samples
    expect(batch.histograms).toHaveLength(1);
    store.add({ labels, timeMs: 2_000, value: undefined });
    expect((await at(2_000)).map((s) => s.value)).toEqual([undefined, undefined]);
  });
});

describe("a group's beginning", () => {
  it("takes over rules by kind, name and labels, and knows what they watch", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const g = group(
      'name: g\nrules:\n- alert: A\n  expr: up > 0\n- record: r\n  expr: down\n- alert: B\n  expr: up offset 5m or last @ 0 or ALERTS{alertname="B"}\n',
    );
    await run(g, store, 1_000);
    const changed = group(
      "name: g\nrules:\n- record: r\n  expr: down\n- alert: A\n  expr: up > 5\n  for: 1h\n",
    );
    const next = startGroup(changed.spec, new Map(g.rules.map((r) => [r.key, r.progress])));
    expect(next.rules.map((r) => r.progress.alerting.alerts.size)).toEqual([0, 1]);
    expect(alertsAtMs(next)).toBe(1_000);
    expect(g.watched.map((w) => [w.matchers, w.rules.map((r) => r.rule.name)])).toEqual([
      [[{ type: "=", name: "__name__", value: "up" }], ["A", "B"]],
    ]);
  });

  it("evaluates on a write what the write touched, and the rest on the grid, each moment once", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    const g = group(
      "name: g\nrules:\n- alert: A\n  expr: up > 0\n- alert: B\n  expr: down > 0\n- alert: C\n  expr: up + on() down > 0\n",
    );
    const version = g.spec.version;
    const names = (touched: Parameters<typeof touchedRules>[1]): string[] =>
      touchedRules(g, touched).map((r) => r.rule.name);
    expect(names({ version, selectors: [0] })).toEqual(["A", "C"]);
    expect(names({ version, selectors: [1, 7] })).toEqual(["B", "C"]);
    expect(names({ version: version - 1, selectors: [0] })).toEqual(["A", "B", "C"]);
    expect(names(undefined)).toEqual(["A", "B", "C"]);
    const only = new Set(touchedRules(g, { version, selectors: [0] }));
    const evaluate = (atMs: number, occasion: "grid" | "write") =>
      evaluateGroup(g, {
        queryable: store,
        clock: () => 0,
        atMs,
        occasion,
        ...(occasion === "write" ? { only } : {}),
        settings: { externalUrl: "", externalLabels: {}, queryOffsetMs: 0 },
        onFault: (_, e) => {
          throw e;
        },
      });
    const judged = (): number[] => g.rules.map((r) => r.alertsAtMs);
    await evaluate(5_000, "write");
    expect(judged()).toEqual([5_000, 0, 5_000]);
    // The grid's moment lies before the write's: it judges what the write left out.
    await evaluate(4_000, "grid");
    expect(judged()).toEqual([5_000, 4_000, 5_000]);
  });
});

describe("samples laid over what is stored", () => {
  it("take their place in time, stale markers kept", async () => {
    const store = new Memory();
    const [a, b] = [up("a"), up("b")];
    store.add(a, 1_000, 1);
    store.add(a, 2_000, undefined);
    store.add(a, 4_000, 4);
    const pending = new PendingSamples();
    pending.add([
      { labels: a, timeMs: 3_000, value: 3 },
      { labels: a, timeMs: 4_000, value: undefined },
      { labels: b, timeMs: 3_000, value: 9 },
      { labels: b, timeMs: 9_000, value: 9 },
    ]);
    const over = overlay(store, pending);
    const [series = []] = await over.select([
      { matchers: [{ type: "=", name: "__name__", value: "up" }], startMs: 0, endMs: 5_000 },
    ]);
    const shown = series.map((s) => [
      renderLabels(s.labels),
      Array.from(s.timestamps, (t, i) =>
        isStaleAt(bitsOf(s.values), i) ? `${t} stale` : `${t} ${s.values[i]}`,
      ),
    ]);
    expect(shown).toEqual([
      ['up{i="a"}', ["1000 1", "2000 stale", "3000 3", "4000 stale"]],
      ['up{i="b"}', ["3000 9"]],
    ]);
  });
});

describe("questions asked in one turn", () => {
  const asking = (name: string) => [
    { matchers: [{ type: "=" as const, name: "__name__", value: name }], startMs: 0, endMs: 5_000 },
  ];

  it("cost one call, and each gets its own answers", async () => {
    const store = new Memory();
    store.add(up("1"), 1_000, 1);
    store.add(labelsOf({ __name__: "down" }), 1_000, 2);
    let calls = 0;
    const together = coalesced({ select: (...args) => (calls++, store.select(args[0])) });
    const [a, b] = await Promise.all([
      together.select(asking("up")),
      together.select([...asking("down"), ...asking("none")]),
    ]);
    expect([calls, a.map((s) => s.length), b.map((s) => s.length)]).toEqual([1, [1], [1, 0]]);
    expect(b[0]?.[0]?.values).toEqual(Float64Array.of(2));
    await together.select(asking("up"));
    expect(calls).toBe(2);
  });

  it("are asked alone where together they hold too much, and fail together where nobody answers", async () => {
    const store = new Memory();
    const small: Queryable = {
      select: (r) =>
        r.length > 1 ? Promise.reject(new SampleBudgetError("too many")) : store.select(r),
    };
    const one = coalesced(small);
    expect(await Promise.all([one.select(asking("up")), one.select(asking("down"))])).toEqual([
      [[]],
      [[]],
    ]);
    const down = coalesced({ select: () => Promise.reject(new ShardUnavailableError("gone")) });
    const results = await Promise.allSettled([
      down.select(asking("up")),
      down.select(asking("down")),
    ]);
    expect(results.map((r) => r.status)).toEqual(["rejected", "rejected"]);
  });
});
