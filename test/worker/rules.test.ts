import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { makeConfigStore } from "../../src/storage/config-store";
import { makeObjects } from "../../src/storage/objects";
import { post, send, stored, values } from "./ingest-metrics-client";

const ADMIN = { authorization: "Bearer vdt_admin_local" };
const READ = { authorization: "Bearer vdt_read_local" };
const YAML = { ...ADMIN, "content-type": "application/yaml" };

const putRule = (method: "POST" | "PUT", namespace: string, body: string): Promise<Response> =>
  send(`/config/v1/rules/${namespace}`, { method, headers: YAML, body });
const sample = async (line: string): Promise<void> => {
  expect((await post("/api/v1/import/prometheus", `${line}\n`)).status).toBe(204);
};

interface ShownAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly status: string;
  readonly heldBackUntilMs?: number;
}

async function routed(alertname: string): Promise<ShownAlert[]> {
  const text = await makeObjects(env, "default", Date.now).alertRouter().alerts();
  return (JSON.parse(text) as ShownAlert[]).filter((a) => a.labels["alertname"] === alertname);
}

interface ShownRule {
  readonly name: string;
  readonly type: string;
  readonly state?: string;
  readonly health: string;
  readonly lastError?: string;
  readonly lastEvaluation: string;
  readonly alerts?: readonly {
    readonly labels: Record<string, string>;
    readonly state: string;
    readonly activeAt: string;
    readonly value: string;
  }[];
}

async function rules(
  query = "",
): Promise<
  { readonly name: string; readonly file: string; readonly rules: readonly ShownRule[] }[]
> {
  const r = await send(`/api/v1/rules${query}`, { headers: READ });
  expect(r.status).toBe(200);
  return (await r.json<{ data: { groups: [] } }>()).data.groups;
}

const groupStub = (key: string) => env.RULE_GROUP.getByName(`default/${key}`);

describe("a pasted rule", () => {
  it("fires on a write within a second, reaches the router, and writes ALERTS", async () => {
    const r = await putRule(
      "POST",
      "demo",
      'name: paste\ninterval: 1h\nrules:\n- alert: Deep\n  expr: paste_depth > 10\n  labels: {severity: warning}\n  annotations: {summary: "{{ $labels.queue }} holds {{ $value }}"}\n',
    );
    expect([r.status, await r.json()]).toEqual([
      202,
      {
        status: "success",
        data: { groups: { created: ["paste"], updated: [], unchanged: [], removed: [] } },
        errorType: "",
        error: "",
      },
    ]);
    await sample('paste_depth{queue="a"} 3');
    expect(await routed("Deep")).toEqual([]);
    await sample('paste_depth{queue="a"} 42');
    // Its interval is an hour: the sample itself sees to it.
    await vi.waitFor(async () => expect(await routed("Deep")).toHaveLength(1), {
      timeout: 10_000,
      interval: 20,
    });
    expect(await routed("Deep")).toMatchObject([
      {
        labels: { alertname: "Deep", queue: "a", severity: "warning" },
        annotations: { summary: "a holds 42" },
        status: "firing",
      },
    ]);
    await vi.waitFor(
      async () =>
        expect(await values("ALERTS", { alertname: "Deep" })).toEqual([
          'ALERTS{alertname="Deep", alertstate="firing", queue="a", severity="warning"} 1',
        ]),
      { timeout: 2_000 },
    );
    const [group] = await rules("?rule_group[]=paste");
    expect(group).toMatchObject({
      name: "paste",
      file: "demo",
      rules: [
        {
          name: "Deep",
          type: "alerting",
          state: "firing",
          health: "ok",
          query: "paste_depth > 10",
          alerts: [{ state: "firing", value: "4.2e+01" }],
        },
      ],
    });

    await sample('paste_depth{queue="a"} 1');
    await vi.waitFor(
      async () => expect(await routed("Deep")).toMatchObject([{ status: "resolved" }]),
      { timeout: 3_000, interval: 20 },
    );
    await vi.waitFor(
      async () => expect((await stored("ALERTS", { alertname: "Deep" })).at(-1)).toMatch(/stale$/),
      { timeout: 2_000 },
    );
    expect(
      (await (await send("/api/v1/alerts", { headers: READ })).json<{ data: unknown }>()).data,
    ).toEqual({ alerts: [] });
  });

  it("is evaluated on the grid, a later rule seeing what an earlier one recorded", async () => {
    await sample("grid_in 21");
    await putRule(
      "PUT",
      "grid",
      "groups:\n- name: g\n  interval: 1s\n  rules:\n  - record: grid:double\n    expr: grid_in * 2\n    labels: {by: rule}\n  - alert: Doubled\n    expr: grid:double == 42\n",
    );
    await vi.waitFor(
      async () => expect(await values("grid:double")).toContain('grid:double{by="rule"} 42'),
      { timeout: 4_000 },
    );
    await vi.waitFor(
      async () =>
        expect(await routed("Doubled")).toMatchObject([
          { status: "firing", labels: { by: "rule" } },
        ]),
      { timeout: 4_000 },
    );
    // The alert was true at the very time the sample it saw was written for.
    const [first] = await stored("ALERTS", { alertname: "Doubled" });
    const recorded = (await stored("grid:double")).map((row) => row.split(" ").at(-2));
    expect(recorded).toContain(first?.split(" ").at(-2));
  });
});

describe("a change of configuration", () => {
  it("keeps the state of unchanged rules, resolves removed ones, and refuses what does not parse", async () => {
    await sample("change_a 1");
    const file = (extra: string): string =>
      `groups:\n- name: g\n  interval: 1h\n  rules:\n  - alert: Stays\n    expr: change_a > 0\n${extra}`;
    await putRule("PUT", "change", file("  - alert: Goes\n    expr: change_a > 0\n"));
    await vi.waitFor(
      async () =>
        expect([(await routed("Stays")).length, (await routed("Goes")).length]).toEqual([1, 1]),
      { timeout: 3_000 },
    );
    const since = async (): Promise<string | undefined> =>
      (await rules("?rule_name[]=Stays"))[0]?.rules[0]?.alerts?.[0]?.activeAt;
    const before = await since();

    const bad = await putRule(
      "PUT",
      "change",
      "groups:\n- name: g\n  rules:\n  - alert: Stays\n    expr: change_a >> 0\n",
    );
    expect([bad.status, await bad.json()]).toMatchObject([
      400,
      { code: "rules_value_wrong", where: "5:21" },
    ]);
    expect(await since()).toBe(before);

    const r = await putRule(
      "PUT",
      "change",
      file("  - alert: New\n    expr: change_a > 0\n    for: 1h\n"),
    );
    expect(await r.json()).toMatchObject({ data: { groups: { updated: ["g"] } } });
    await vi.waitFor(
      async () => expect(await routed("Goes")).toMatchObject([{ status: "resolved" }]),
      { timeout: 3_000 },
    );
    expect(await since()).toBe(before);
    await vi.waitFor(
      async () => expect((await rules("?rule_name[]=New"))[0]?.rules[0]?.state).toBe("pending"),
      { timeout: 3_000 },
    );

    const again = await putRule(
      "PUT",
      "change",
      file("  - alert: New\n    expr: change_a > 0\n    for: 1h\n"),
    );
    expect(await again.json()).toMatchObject({ data: { groups: { unchanged: ["g"] } } });

    // A namespace without the group: gone, and resolved.
    await putRule("PUT", "change", "groups: []\n");
    await vi.waitFor(
      async () => expect(await routed("Stays")).toMatchObject([{ status: "resolved" }]),
      { timeout: 3_000 },
    );
    expect(await rules("?file[]=change")).toEqual([]);
  });

  it("is read back as it was written, comments included", async () => {
    const text =
      "# why: pages at night\nname: commented\ninterval: 5m\nrules:\n  - alert: A # one\n    expr: up == 0\n";
    await putRule("POST", "back", text);
    const got = await send("/config/v1/rules/back/commented", { headers: READ });
    expect([got.headers.get("content-type"), await got.text()]).toEqual(["application/yaml", text]);
    expect(await (await send("/config/v1/rules/back", { headers: READ })).text()).toBe(
      "back:\n  - # why: pages at night\n    name: commented\n    interval: 5m\n    rules:\n      - alert: A # one\n        expr: up == 0\n",
    );
    expect(
      (await send("/config/v1/rules/back/commented", { method: "DELETE", headers: ADMIN })).status,
    ).toBe(202);
    expect((await send("/config/v1/rules/back/commented", { headers: READ })).status).toBe(404);
    expect(
      (await send("/config/v1/rules/back/commented", { method: "DELETE", headers: ADMIN })).status,
    ).toBe(404);
  });

  it("is refused without the scope, with another type, and over the limit", async () => {
    const asReader = await send("/config/v1/rules/x", {
      method: "POST",
      headers: READ,
      body: "name: a",
    });
    expect(asReader.status).toBe(403);
    const wrong = await send("/config/v1/rules/x", {
      method: "POST",
      headers: { ...ADMIN, "content-type": "image/png" },
      body: "name: a",
    });
    expect(wrong.status).toBe(415);
    expect((await putRule("POST", "x", `name: a\n#${"x".repeat(1_100_000)}`)).status).toBe(413);
  });
});

describe("a group over a restart", () => {
  it("keeps pending since, and a steady evaluation writes no row", async () => {
    await sample("restart_a 1");
    await putRule(
      "POST",
      "restart",
      "name: r\ninterval: 1s\nrules:\n- alert: Waits\n  expr: restart_a > 0\n  for: 2h\n- record: restart:a\n  expr: restart_a\n",
    );
    const shown = async () => (await rules("?rule_name[]=Waits"))[0]?.rules[0];
    await vi.waitFor(async () => expect((await shown())?.state).toBe("pending"), {
      timeout: 3_000,
    });
    await vi.waitFor(async () => expect(await stored("restart:a")).toHaveLength(1), {
      timeout: 3_000,
      interval: 20,
    });
    const before = (await shown())?.alerts?.[0]?.activeAt;
    await evictDurableObject(groupStub("restart/r"));
    const after = await shown();
    expect([after?.state, after?.health, after?.alerts?.[0]?.activeAt]).toEqual([
      "pending",
      "ok",
      before,
    ]);
    expect(after?.lastEvaluation).not.toBe("0001-01-01T00:00:00Z");
    const written = await runInDurableObject(groupStub("restart/r"), async (_, state) => {
      const { sql } = state.storage;
      const exec = vi.spyOn(sql, "exec");
      const samples = (await stored("restart:a")).length;
      await vi.waitFor(
        async () => expect((await stored("restart:a")).length).toBeGreaterThan(samples + 1),
        { timeout: 5_000 },
      );
      const steady = exec.mock.calls.map(([text]) => text);
      const still = (await shown())?.alerts?.[0]?.activeAt;
      await sample("restart_a 0");
      await vi.waitFor(() => expect(exec.mock.calls.length).toBeGreaterThan(steady.length), {
        timeout: 3_000,
      });
      const changing = exec.mock.calls.map(([text]) => text).slice(steady.length);
      exec.mockRestore();
      return { steady: steady.filter((text) => !text.startsWith("SELECT")), still, changing };
    });
    expect(written.steady).toEqual([]);
    expect(written.still).toBe(before);
    expect(written.changing.some((text) => text.startsWith("INSERT INTO alerts"))).toBe(true);
  });
});

describe("a rule that cannot be evaluated", () => {
  beforeEach(() => vi.useRealTimers());

  it("shows its error, changes no state, and lets its neighbours go on", async () => {
    await sample('broken_a{i="1"} 1\nbroken_a{i="2"} 1\nbroken_b 1');
    await putRule(
      "POST",
      "broken",
      "name: b\ninterval: 1s\nrules:\n- alert: Broken\n  expr: broken_a / on() broken_a\n- alert: Limited\n  expr: broken_a\n- alert: Fine\n  expr: broken_b\n  annotations: {x: '{{ humanize \"no\" }}'}\n",
    );
    await vi.waitFor(async () => expect(await routed("Fine")).toHaveLength(1), { timeout: 3_000 });
    expect((await routed("Fine"))[0]?.annotations["x"]).toMatch(
      /^<error expanding template: 1:4: error calling humanize/,
    );
    const [group] = await rules("?rule_group[]=b");
    expect(group?.rules).toMatchObject([
      {
        name: "Broken",
        health: "err",
        state: "inactive",
        lastError: expect.stringContaining("many-to-many"),
      },
      { name: "Limited", health: "ok", state: "firing" },
      { name: "Fine", health: "ok", state: "firing" },
    ]);
  });
});

describe("a group among faults", () => {
  it("holds back within the cooldown what fires anew, though its state changes", async () => {
    await sample("cool_a 1");
    await putRule(
      "POST",
      "cool",
      "name: c\ninterval: 1h\nrules:\n- alert: Cool\n  expr: cool_a > 0\n  cooldown: 1h\n",
    );
    await vi.waitFor(
      async () => expect(await routed("Cool")).toMatchObject([{ status: "firing" }]),
      { timeout: 3_000 },
    );
    expect((await routed("Cool"))[0]?.heldBackUntilMs).toBeUndefined();
    await sample("cool_a 0");
    await vi.waitFor(
      async () => expect(await routed("Cool")).toMatchObject([{ status: "resolved" }]),
      { timeout: 3_000 },
    );
    await sample("cool_a 1");
    await vi.waitFor(
      async () => expect(await routed("Cool")).toMatchObject([{ status: "firing" }]),
      { timeout: 3_000 },
    );
    expect((await routed("Cool"))[0]?.heldBackUntilMs).toBeGreaterThan(Date.now() + 3_500_000);
    // First firing, stale, second firing.
    const since = async () =>
      new Set(
        (await stored("ALERTS_FOR_STATE", { alertname: "Cool" })).map((row) =>
          row.split(" ").at(-1),
        ),
      ).size;
    await vi.waitFor(async () => expect(await since()).toBe(3), { timeout: 2_000 });
  });

  it("is replaced in flight, the newest configuration winning", async () => {
    await sample("flight_a 1");
    const file = (n: number): string =>
      `groups:\n- name: f\n  interval: 1s\n  rules:\n  - alert: Flight\n    expr: flight_a > 0\n    annotations: {n: "${n}"}\n`;
    await putRule("PUT", "flight", file(0));
    await vi.waitFor(async () => expect(await routed("Flight")).toHaveLength(1), {
      timeout: 3_000,
    });
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        await sample("flight_a 1");
        return (await putRule("PUT", "flight", file(i + 1))).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([202]));
    const kept = /n: "(\d+)"/.exec(
      await (await send("/config/v1/rules/flight/f", { headers: READ })).text(),
    )?.[1];
    await vi.waitFor(
      async () =>
        expect(await routed("Flight")).toMatchObject([
          { status: "firing", annotations: { n: kept } },
        ]),
      { timeout: 4_000 },
    );
  });

  it("evaluates a storm of writes about once a second", async () => {
    await putRule(
      "POST",
      "storm",
      "name: s\ninterval: 1h\nrules:\n- alert: Storm\n  expr: storm_a > 1e9\n",
    );
    await vi.waitFor(
      async () => expect((await rules("?rule_name[]=Storm"))[0]?.rules[0]?.health).toBe("ok"),
      { timeout: 3_000 },
    );
    const seen = new Set<string>();
    const until = Date.now() + 2_500;
    for (let i = 0; Date.now() < until; i++) {
      await sample(`storm_a ${i}`);
      seen.add((await rules("?rule_name[]=Storm"))[0]?.rules[0]?.lastEvaluation ?? "");
    }
    expect(seen.size).toBeGreaterThanOrEqual(2);
    expect(seen.size).toBeLessThanOrEqual(5);
  });

  it("is armed again by the cron's check, and is off its list once removed", async () => {
    await putRule("POST", "ticks", "name: t\nrules: []\n");
    const listed = async () =>
      (
        await env.DB.prepare(
          "SELECT object_name FROM ticking_objects WHERE class_name = 'RuleGroup' AND object_name = 'default/ticks/t'",
        ).all()
      ).results.length;
    expect(await listed()).toBe(1);
    const object = makeObjects(env, "default", Date.now).ruleGroup("ticks/t");
    expect(await object.ensureTicking()).toMatchObject({ rearmed: false });
    await runInDurableObject(groupStub("ticks/t"), (_, state) => state.storage.deleteAlarm());
    expect(await object.ensureTicking()).toMatchObject({ rearmed: true });
    expect(
      await runInDurableObject(groupStub("ticks/t"), (_, state) => state.storage.getAlarm()),
    ).not.toBeNull();
    expect(
      (await send("/config/v1/rules/ticks", { method: "DELETE", headers: ADMIN })).status,
    ).toBe(202);
    expect(await listed()).toBe(0);
    expect(await object.state()).toBe("null");
    expect(await object.ensureTicking()).toMatchObject({ rearmed: false });
  });

  it("takes names with slashes and spaces apart", async () => {
    const r = await putRule("POST", encodeURIComponent("a/b c"), "name: x/y\nrules: []\n");
    expect(r.status).toBe(202);
    expect(
      await (
        await send(`/config/v1/rules/${encodeURIComponent("a/b c")}/${encodeURIComponent("x/y")}`, {
          headers: READ,
        })
      ).text(),
    ).toBe("name: x/y\nrules: []\n");
    expect(await rules(`?file[]=${encodeURIComponent("a/b c")}`)).toMatchObject([
      { name: "x/y", file: "a/b c" },
    ]);
  });
});

describe("a namespace's groups", () => {
  it("are stored all or none", async () => {
    const store = makeConfigStore(env.DB, "default", Date.now);
    const good = { name: "atomic/a", body: "{}" };
    const other = { name: "atomic/b", body: "[]" };
    // What the database refuses, here by its column, stands for any row that it does not take.
    const refused = { ...other, name: null as unknown as string };
    await expect(store.putAll("rules", [good, refused], "test")).rejects.toThrow("NOT NULL");
    expect(await store.list("rules", "atomic/")).toEqual([]);
    const put = await store.putAll("rules", [good, other], "test");
    expect(put.map((d) => [d.name, d.version])).toEqual([
      ["atomic/a", 1],
      ["atomic/b", 1],
    ]);
    expect((await store.list("rules", "atomic/")).map((d) => d.body)).toEqual(["{}", "[]"]);
    for (const { name } of put) await store.remove("rules", name, "test");
  });
});

describe("a test of rules by the API", () => {
  const ask = (body: unknown): Promise<Response> =>
    send("/api/v1/rules/test", {
      method: "POST",
      headers: { ...READ, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const files = {
    "alerts/up.yml":
      "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 1m, annotations: {s: '{{ $labels.job }}'}}]}]",
    "tests/up.yml":
      "rule_files: ['../alerts/*.yml']\ntests: [{name: down, input_series: [{series: 'up{job=\"a\"}', values: 0x5}], alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [{exp_labels: {job: a}, exp_annotations: {s: a}}]}]}]",
  };

  it("passes, and fails with expected and got", async () => {
    const passed = await ask({ files });
    expect(passed.status).toBe(200);
    expect(await passed.json()).toEqual({
      passed: true,
      files: [
        {
          file: "tests/up.yml",
          passed: true,
          errors: [],
          warnings: [],
          tests: [{ name: "down", passed: true, failures: [] }],
        },
      ],
    });
    const wrong = files["tests/up.yml"].replace("{s: a}", "{s: b}");
    const failed = await ask({ files: { ...files, "tests/up.yml": wrong } });
    expect(await failed.json()).toMatchObject({
      passed: false,
      files: [
        {
          tests: [
            {
              failures: [
                {
                  reason: "alerts_differ",
                  alertname: "Down",
                  expected: [{ annotations: { s: "b" } }],
                  got: [{ annotations: { s: "a" }, labels: { alertname: "Down", job: "a" } }],
                },
              ],
            },
          ],
        },
      ],
    });
    const none = await ask({ files, run: "^up" });
    expect(await none.json()).toMatchObject({ files: [{ tests: [] }] });
  });

  it.each([
    [{ files: {} }, "no files"],
    [{ files: { a: "groups: []" } }, "none of the files has tests"],
    [{ files, tests: ["gone.yml"] }, "there is no file"],
    [{ files, run: "(" }, "missing closing"],
  ])("is refused: %j", async (body, detail) => {
    const r = await ask(body);
    expect(r.status).toBe(400);
    expect(JSON.stringify(await r.json())).toContain(detail);
  });
});

describe("rules in the shorthand", () => {
  const source = `# thresholds
alerts:
  - name: slow_checkout
    condition: checkout.time.p95 > 500ms
    duration: 5m
    severity: warning
    actions: [slack, email]
  - name: deep_queue
    condition: shorthand.queue_dept > 10
`;

  it("are compiled to rules that are shown beside their source, and warn of metrics that nobody sent", async () => {
    await sample("shorthand_queue_depth 3");
    const r = await putRule("PUT", "short", source);
    const body = await r.json<{ data: unknown; warnings: string[] }>();
    expect([r.status, body.data]).toEqual([
      202,
      { groups: { created: ["alerts"], updated: [], unchanged: [], removed: [] } },
    ]);
    expect(body.warnings).toEqual([
      "3:5: slow_checkout: no series checkout_time_bucket or 3 other names in the last hour",
      '8:5: deep_queue: no series shorthand_queue_dept in the last hour; did you mean "shorthand_queue_depth"?',
    ]);
    const get = async (path: string): Promise<string> =>
      (await send(`/config/v1/rules/${path}`, { headers: READ })).text();
    expect(await get("short/alerts?form=source")).toBe(source);
    expect(await get("short?form=source")).toBe(source);
    expect(await get("short/alerts")).toContain(`  # line 8: shorthand.queue_dept > 10
  - alert: deep_queue
    expr: shorthand_queue_dept > 10
`);
    const shown = (await rules("?file[]=short"))[0]?.rules[0];
    expect(shown).toMatchObject({
      name: "slow_checkout",
      duration: 300,
      labels: { severity: "warning", actions: "slack,email" },
      annotations: {
        summary: "slow_checkout: {{ $value | humanize }} ms (checkout.time.p95 > 500ms for 5m)",
      },
    });
    // The same text again changes nothing.
    const again = await (await putRule("PUT", "short", source)).json<{ data: unknown }>();
    expect(again.data).toEqual({
      groups: { created: [], updated: [], unchanged: ["alerts"], removed: [] },
    });
    const posted = await putRule(
      "POST",
      "short",
      source.replace("alerts:", "group: more\nalerts:"),
    );
    expect(posted.status).toBe(202);
    expect((await get("short?form=source")).split("---\n")).toHaveLength(2);
  });

  it("are refused with line and column, and the rules in force go on", async () => {
    const r = await putRule("PUT", "short", source.replace("> 500ms", "> 500 parsecs"));
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({ code: "rules_value_wrong", where: "4:40" });
    expect(await rules("?file[]=short")).not.toEqual([]);
  });

  it("are shown and back-tested without being stored", async () => {
    const ask = (path: string, body: string): Promise<Response> =>
      send(`/api/v1/rules/${path}`, {
        method: "POST",
        headers: { ...READ, "content-type": "application/yaml" },
        body,
      });
    const compiled = await ask("compile", source);
    expect([compiled.status, await compiled.text()]).toEqual([
      200,
      expect.stringMatching(/^# 3:5: slow_checkout: no series [^]*\ngroups:\n[^]*deep_queue/),
    ]);
    expect((await ask("compile", "groups: []\n")).status).toBe(400);
    const wrong = await ask("compile", source.replace("> 10", "> 10 parsecs"));
    expect(await wrong.json()).toMatchObject({ code: "rules_value_wrong", where: "9:42" });
    const tested = await ask("backtest?from=-5m", source);
    expect(tested.status).toBe(200);
    expect(JSON.stringify(await tested.json())).toContain('"alert":"deep_queue"');
  });

  it("fire", async () => {
    await putRule("PUT", "live", "alerts: [{ name: hot, condition: oven.temperature > 200 }]\n");
    await sample("oven_temperature 230");
    await vi.waitFor(async () => expect(await routed("hot")).toHaveLength(1), { timeout: 3_000 });
  });
});
