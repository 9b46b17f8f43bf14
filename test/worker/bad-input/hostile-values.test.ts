import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { send, stored } from "../ingest-metrics-client";

const AS = {
  ingest: "vdt_ingest_local",
  read: "vdt_read_local",
  admin: "vdt_admin_local",
} as const;

async function ask(
  as: keyof typeof AS,
  method: string,
  path: string,
  body?: BodyInit,
  type = "application/json",
): Promise<Response> {
  const headers = { authorization: `Bearer ${AS[as]}`, "content-type": type };
  return await send(path, { method, headers, body: body ?? null });
}

const YAML = "application/yaml";
const query = async (expr: string): Promise<unknown> => {
  const r = await ask("read", "GET", `/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = await r.json<{ data: { result: { metric: unknown }[] } }>();
  return data.result.map((s) => s.metric);
};

describe("names that JavaScript's objects have themselves", () => {
  const labels = { __proto__: null, constructor: "b", toString: "c" };
  const all = JSON.parse(
    '{"__name__":"own_names","__proto__":"a","constructor":"b","toString":"c"}',
  ) as object;

  it("are labels like any other", async () => {
    const r = await ask(
      "ingest",
      "POST",
      "/api/v1/import/prometheus",
      'own_names{__proto__="a",constructor="b",toString="c"} 1\n',
      "text/plain",
    );
    expect(r.status).toBe(204);
    expect(JSON.stringify(await query("own_names"))).toBe(JSON.stringify([all]));
    const series = await ask("read", "GET", "/api/v1/series?match[]=own_names");
    expect(JSON.stringify((await series.json<{ data: unknown }>()).data)).toBe(
      JSON.stringify([all]),
    );
    expect(JSON.stringify(await query("sum by (__proto__) (own_names)"))).toBe(
      '[{"__proto__":"a"}]',
    );
    expect(JSON.stringify(await query('absent(none{__proto__="x",constructor="y"})'))).toBe(
      '[{"__proto__":"x","constructor":"y"}]',
    );
  });

  it("are labels of rules and of groups of alerts", async () => {
    const rules = [
      "name: own-names",
      "rules:",
      "- alert: OwnNames",
      "  expr: vector(1)",
      "  labels: {__proto__: a, constructor: b}",
      "  annotations: {__proto__: 'from {{ $value }}', summary: s}",
    ].join("\n");
    expect((await ask("admin", "POST", "/config/v1/rules/own", rules, YAML)).status).toBe(202);
    await expect
      .poll(
        async () => {
          const r = await ask("read", "GET", "/api/v1/alerts");
          const { data } = await r.json<{
            data: { alerts: { labels: object; annotations: object }[] };
          }>();
          return JSON.stringify(data.alerts.map((a) => [a.labels, a.annotations]));
        },
        { timeout: 4_000 },
      )
      .toBe(
        '[[{"__proto__":"a","constructor":"b","alertname":"OwnNames"},{"__proto__":"from 1","summary":"s"}]]',
      );
    await ask("admin", "DELETE", "/config/v1/rules/own");
  });

  it.each([
    ["a tag", "/api/v1/ingest/metrics", { name: "m", value: 1, tags: labels }],
    ["a log's level", "/api/v1/ingest/logs", { message: "m", level: "constructor" }],
    ["a log's attribute", "/api/v1/ingest/logs", { message: "m", hasOwnProperty: "x" }],
    ["an event's name", "/api/v1/ingest/events", { event: "constructor" }],
    ["an event's property", "/api/v1/ingest/events", { event: "x", properties: labels }],
    ["a metric's unit", "/v1/metrics", exponential("constructor")],
  ])("are values like any other: %s", async (_, path, body) => {
    const r = await ask("ingest", "POST", path, JSON.stringify(body));
    expect([r.status, await r.text()]).toEqual([200, expect.not.stringContaining("error")]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it.each([
    '{"__proto__":{"polluted":1},"event":"x","properties":{"__proto__":{"polluted":1}}}',
    '{"constructor":{"prototype":{"polluted":1}},"event":"x"}',
  ])("change no prototype: %s", async (body) => {
    expect((await ask("ingest", "POST", "/api/v1/ingest/events", body)).status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

function exponential(unit: string): unknown {
  const now = `${Date.now()}000000`;
  const point = { timeUnixNano: now, startTimeUnixNano: now, count: 1, sum: 1, scale: 0 };
  const histogram = {
    aggregationTemporality: 1,
    dataPoints: [{ ...point, positive: { offset: 0, bucketCounts: ["1"] } }],
  };
  const metrics = [{ name: "exp", unit, exponentialHistogram: histogram }];
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

describe("numbers and times that JSON can write", () => {
  it.each([
    ["gauge", "1e999"],
    ["counter", "-1e999"],
    ["histogram", "1e999"],
  ])("a %s of %s: 400, and nothing of it is kept", async (type, value) => {
    const body = `{"name":"endless_${type}","value":${value},"type":"${type}"}`;
    const r = await ask("ingest", "POST", "/api/v1/ingest/metrics", body);
    expect([r.status, await r.json()]).toMatchObject([400, { code: "metric_malformed" }]);
    const suffix = { gauge: "", counter: "_total", histogram: "_count" }[type] ?? "";
    expect(await stored(`endless_${type}${suffix}`)).toEqual([]);
  });

  it.each(["1e300", "-1", '"1e999"', "[]", '"yesterday"', "9e15", '"275761-01-01T00:00:00Z"'])(
    "a time of %s: 400 everywhere",
    async (time) => {
      for (const [path, body] of [
        ["/api/v1/ingest/logs", `{"message":"m","timestamp":${time}}`],
        ["/api/v1/ingest/events", `{"event":"m","timestamp":${time}}`],
        ["/api/v1/ingest/metrics", `{"name":"m","value":1,"timestamp":${time}}`],
      ] as const) {
        const r = await ask("ingest", "POST", path, body);
        expect([path, r.status]).toEqual([path, 400]);
        await r.body?.cancel();
      }
    },
  );

  it.each(["1970-01-02T00:00:00Z", "2100-01-01T00:00:00Z"])(
    "%s is counted out and said in each dialect",
    async (iso) => {
      const why = iso.startsWith("1970") ? /too_old/ : /future/;
      const ns = `${Date.parse(iso)}000000`;
      for (const [path, body, status] of [
        ["/api/v1/ingest/logs", { message: "m", timestamp: iso }, 400],
        ["/api/v1/ingest/events", { event: "m", timestamp: iso }, 400],
        ["/api/v1/ingest/metrics", { name: "m", value: 1, timestamp: iso }, 400],
        [
          "/v1/metrics",
          {
            resourceMetrics: [
              {
                scopeMetrics: [
                  {
                    metrics: [
                      { name: "g", gauge: { dataPoints: [{ timeUnixNano: ns, asInt: 1 }] } },
                    ],
                  },
                ],
              },
            ],
          },
          200,
        ],
        [
          "/v1/logs",
          {
            resourceLogs: [
              { scopeLogs: [{ logRecords: [{ timeUnixNano: ns, body: { stringValue: "m" } }] }] },
            ],
          },
          200,
        ],
        [
          "/v1/traces",
          {
            resourceSpans: [
              {
                scopeSpans: [
                  {
                    spans: [
                      {
                        traceId: "0af7651916cd43dd8448eb211c80319c",
                        spanId: "b7ad6b7169203331",
                        name: "s",
                        startTimeUnixNano: ns,
                        endTimeUnixNano: ns,
                      },
                    ],
                  },
                ],
              },
            ],
          },
          200,
        ],
      ] as const) {
        const r = await ask("ingest", "POST", path, JSON.stringify(body));
        expect([path, r.status, await r.text()]).toEqual([
          path,
          status,
          expect.stringMatching(why),
        ]);
      }
    },
  );

  it.each([
    "from=1&to=99999999999999999",
    "from=0&to=8640000000000001",
    "to=999999999999999999999999999",
    "from=-9999999y",
    "to=1e400",
  ])("a range of %s: 400 that names the parameter", async (range) => {
    for (const path of [
      "/api/v1/events",
      "/api/v1/events/summary",
      "/api/v1/logs",
      "/api/v1/traces",
      "/api/v1/alerts/history",
    ]) {
      const r = await ask("read", "GET", `${path}?${range}`);
      expect([path, r.status]).toEqual([path, 400]);
      expect(await r.json<{ where: string }>()).toMatchObject({
        where: expect.stringMatching(/^(from|to)$/) as string,
      });
    }
  });

  it.each(["2026-02-31", "2026-13-01", "0", "9999-99-99"])("a day of %s: 400", async (day) => {
    expect((await ask("read", "GET", `/api/v1/reports/preview?date=${day}`)).status).toBe(400);
  });
});

describe("halves of surrogate pairs", () => {
  it("become replacement characters, and never join two series", async () => {
    const body = String.raw`[
      {"name":"halves","value":1,"type":"histogram","tags":{"a":"x\ud800b\ud800y"}},
      {"name":"halves","value":1,"type":"histogram","tags":{"a":"x","b":"y"}}]`;
    expect((await ask("ingest", "POST", "/api/v1/ingest/metrics", body)).status).toBe(200);
    const series = (await stored("halves_count")).map((row) => row.replace(/ \d+ \S+$/, ""));
    expect([...new Set(series)]).toEqual([
      'halves_count{a="x", b="y"}',
      'halves_count{a="x\ufffdb\ufffdy"}',
    ]);
  });

  it.each([
    ["/api/v1/ingest/logs", String.raw`{"message":"\ud800","service":"\udfff","a\ud800":"\udfff"}`],
    [
      "/api/v1/ingest/events",
      String.raw`{"event":"\ud800x","user_id":"\ud800","properties":{"\ud800":"\udfff"}}`,
    ],
    [
      "/v1/logs",
      String.raw`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\ud800"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"\udfff"}}]}]}]}`,
    ],
  ])("are taken by %s and come back whole", async (path, body) => {
    expect((await ask("ingest", "POST", path, body)).status).toBe(200);
    for (const read of ["/api/v1/logs", "/api/v1/events"])
      expect((await (await ask("read", "GET", read)).text()).isWellFormed()).toBe(true);
  });

  it.each([
    ["a rule group", "/config/v1/rules/ns", String.raw`{name: "\ud800", rules: []}`],
    [
      "a receiver",
      "/config/v1/alertmanager",
      String.raw`{route: {receiver: "\ud800"}, receivers: [{name: "\ud800"}]}`,
    ],
  ])("do not name %s: 400 with line and column", async (_, path, yaml) => {
    const r = await ask("admin", "POST", path, yaml, YAML);
    expect([r.status, await r.json()]).toMatchObject([
      400,
      { where: expect.stringMatching(/^1:\d+$/) as string },
    ]);
  });
});

describe("names and values that are too long", () => {
  it("a label of 10,000 characters is kept or refused by name, never cut", async () => {
    const value = "v".repeat(10_000);
    const text = `long_value{a="${value}"} 1\n`;
    const r = await ask("ingest", "POST", "/api/v1/import/prometheus", text, "text/plain");
    const kept = await stored("long_value");
    if (r.status === 204) expect(kept[0]).toContain(value);
    else {
      expect(r.status).toBe(400);
      expect(kept).toEqual([]);
    }
  });

  it("a rule group whose object could not be named: 400", async () => {
    const group = `{name: "${"€".repeat(180)}", rules: []}`;
    const path = `/config/v1/rules/${encodeURIComponent("€".repeat(180))}`;
    const r = await ask("admin", "POST", path, group, YAML);
    expect([r.status, await r.json()]).toMatchObject([400, { code: "rules_namespace" }]);
  });
});

describe("a login", () => {
  it.each(["a\nb", "a\r\nset-cookie: x=y", "€", "\u0000", " "])(
    "with %j in place of a token: 401, no accident",
    async (token) => {
      const r = await exports.default.fetch("http://vedette.test/session", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token }),
      });
      expect(r.status).toBe(401);
      expect(r.headers.get("set-cookie")).toBeNull();
    },
  );

  it("under a name of any characters opens the live page's socket", async () => {
    const made = await ask(
      "admin",
      "POST",
      "/config/v1/tokens",
      JSON.stringify({ name: "Jürgen €\r\nx-evil: 1", scopes: ["read"] }),
    );
    const { token } = await made.json<{ token: string }>();
    const r = await send("/live", {
      headers: { authorization: `Bearer ${token}`, upgrade: "websocket" },
    });
    expect(r.status).toBe(101);
    expect(r.headers.get("x-evil")).toBeNull();
    r.webSocket?.accept();
    r.webSocket?.close();
  });
});

describe("a query that would be expensive elsewhere", () => {
  it.each([
    ["parentheses", "(".repeat(50_000), 400],
    ["signs", "-".repeat(50_000), 400],
    ["operands", `1${"+1".repeat(50_000)}`, 400],
    ["a regular expression of groups", `up{a=~"${"(".repeat(5_000)}a${")".repeat(5_000)}"}`, 400],
    ["a regular expression of repeats", 'up{a=~"((a{1000}){1000}){1000}"}', 400],
    ["a regular expression that ends its own group", 'up{a=~"a)|(b"}', 400],
    ["a regular expression that backtracks elsewhere", 'up{a=~"(a+)+$"}', 200],
  ])("%s: answered at once", async (_, expr, status) => {
    const start = Date.now();
    const r = await ask(
      "read",
      "POST",
      "/api/v1/query",
      new URLSearchParams({ query: expr }).toString(),
      "application/x-www-form-urlencoded",
    );
    expect(r.status).toBe(status);
    expect(Date.now() - start).toBeLessThan(2_000);
    await r.body?.cancel();
  });
});

describe("label functions in each other", () => {
  const nested = (call: string, rest: string): string =>
    `${`${call}(`.repeat(20)}own_names${`, ${rest})`.repeat(20)}`;
  it.each([
    ["label_replace", '"a", "x$1$1$1$1$1$1$1$1", "a", "(.*)"'],
    ["label_join", '"a", "x", "a", "a", "a", "a", "a", "a"'],
  ])("%s does not grow without end: 422 that says the limit", async (call, rest) => {
    const text = "own_names 1\n";
    await ask("ingest", "POST", "/api/v1/import/prometheus", text, "text/plain");
    const query = encodeURIComponent(nested(call, rest));
    const r = await ask("read", "GET", `/api/v1/query?query=${query}`);
    expect([r.status, await r.json()]).toMatchObject([
      422,
      { errorType: "execution", error: "a label value grows beyond 65536 characters" },
    ]);
  });
});

describe("a configuration that would be expensive elsewhere", () => {
  const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefghi"]
    .map(
      (c, i) => `${c}: &${c} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[i]}`).join(",")}]\n`,
    )
    .join("")}`;
  it.each([
    ["brackets", "[".repeat(20_000)],
    ["dashes", `${"- ".repeat(10_000)}a`],
    ["aliases of aliases", laughs],
    ["an alias of itself", "a: &a\n  b: *a\n"],
    ["two documents", "a: 1\n---\nb: 2\n"],
    ["a prototype", "__proto__: {polluted: 1}\n"],
  ])("%s: 400 with line and column", async (_, yaml) => {
    for (const [method, path] of [
      ["POST", "/config/v1/rules/bad"],
      ["PUT", "/config/v1/rules/bad"],
      ["PUT", "/config/v1/alertmanager"],
      ["PUT", "/config/v1/escalation"],
    ] as const) {
      const r = await ask("admin", method, path, yaml, YAML);
      expect([path, r.status]).toEqual([path, 400]);
      expect((await r.json<{ where: string }>()).where).toMatch(/^\d+:\d+$/);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("a template of 20,000 parentheses: 400", async () => {
    const rule = `{name: g, rules: [{alert: A, expr: up, annotations: {x: '{{ ${"(".repeat(20_000)}1 }}'}}]}`;
    const r = await ask("admin", "POST", "/config/v1/rules/bad", rule, YAML);
    expect([r.status, await r.text()]).toEqual([400, expect.stringContaining("nested too deeply")]);
  });

  it("leaves the rules in force as they were", async () => {
    const good = "{name: g, rules: [{record: in_force, expr: vector(1)}]}";
    expect((await ask("admin", "POST", "/config/v1/rules/kept", good, YAML)).status).toBe(202);
    const bad = "{name: g, rules: [{record: in_force, expr: 'vector(1'}]}";
    const r = await ask("admin", "POST", "/config/v1/rules/kept", bad, YAML);
    expect([r.status, await r.json()]).toMatchObject([
      400,
      { where: expect.stringMatching(/^1:\d+$/) as string },
    ]);
    const kept = await ask("read", "GET", "/config/v1/rules/kept/g");
    expect(await kept.text()).toContain("vector(1)");
    await ask("admin", "DELETE", "/config/v1/rules/kept");
  });
});
