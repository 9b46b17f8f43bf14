import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compileRegex } from "../../src/core/matchers";
import type { Env } from "../../src/env";
import worker from "../../src/index";
import { writeRequest } from "../e2e/prometheus/data";
import { post, send } from "./ingest-metrics-client";

const READ = { authorization: "Bearer vdt_read_local" };
const T = Math.floor(Date.now() / 60_000) * 60 - 600;

interface Body {
  readonly status: string;
  readonly data?: { readonly result?: readonly unknown[] };
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
}

type Params = Readonly<Record<string, string | number>>;

const encoded = (params: Params): URLSearchParams =>
  new URLSearchParams(Object.entries(params).map(([k, v]) => [k, String(v)]));

async function form(path: string, params: Params): Promise<Body & { readonly http: number }> {
  const r = await send(`/api/v1/${path}`, { method: "POST", headers: READ, body: encoded(params) });
  return { http: r.status, ...(await r.json<Body>()) };
}

const instant = (query: string, more: Params = {}): ReturnType<typeof form> =>
  form("query", { query, time: T + 300, ...more });
const range = (query: string, more: Params = {}): ReturnType<typeof form> =>
  form("query_range", { query, start: T, end: T + 300, step: 60, ...more });

/** The same with other variables of the deployment. */
async function deployed(
  vars: Partial<Env>,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const request = new Request(`http://vedette.test/api/v1/${path}`, {
    ...init,
    headers: { ...READ, ...(init.headers as Record<string, string> | undefined) },
    // The handler's own Request type is workerd's incoming one.
  }) as Parameters<typeof worker.fetch>[0];
  return worker.fetch(request, { ...env, ...vars }, createExecutionContext());
}

const refused = (errorType: string, http: number, error: unknown): object => ({
  http,
  status: "error",
  errorType,
  error,
});

beforeAll(async () => {
  const lines: string[] = [];
  for (let i = 0; i <= 20; i++) {
    const ms = (T + 15 * i) * 1000;
    for (const pod of ["a", "b", "c"]) lines.push(`bad_total{pod="${pod}",app="x"} ${i} ${ms}`);
  }
  const r = await post("/api/v1/import/prometheus", `${lines.join("\n")}\n`);
  expect(r.status).toBe(204);
});

describe("work without bound", () => {
  const TOO_MANY = "query processing would load too many samples into memory in query execution";

  it("ends a query that would hold 50 million samples, before it makes them", async () => {
    expect(
      await form("query", { query: "max_over_time(vector(1)[50000000s:1s])", time: T }),
    ).toEqual(refused("execution", 422, TOO_MANY));
    // As many by series times steps: nobody may hold them, nor may a subquery within.
    expect(
      (await range("sum(max_over_time(vector(1)[50000000s:1s]))", { start: T - 60 })).error,
    ).toBe(TOO_MANY);
  });

  it("ends one that holds more than the deployment allows, and tells the limit among its flags", async () => {
    const vars = { QUERY_MAX_SAMPLES: "50" };
    const over = await deployed(vars, `query?query=bad_total[10m]&time=${T + 300}`);
    expect([over.status, await over.json()]).toEqual([
      422,
      { status: "error", errorType: "execution", error: TOO_MANY },
    ]);
    const within = await deployed(vars, `query?query=bad_total[2m]&time=${T + 300}`);
    expect(within.status).toBe(200);
    const flags = await (await deployed(vars, "status/flags")).json<{ data: object }>();
    expect(flags.data).toMatchObject({ "query.max-samples": "50" });
  });

  it("refuses a step of a second over a year", async () => {
    expect(await range("bad_total", { start: T - 365 * 86_400, step: 1 })).toEqual(
      refused(
        "bad_data",
        400,
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      ),
    );
    expect((await range("vector(1)", { start: T - 10_999, end: T + 1, step: 1 })).http).toBe(200);
  });

  it("counts work against a timeout, as a Worker's clock stands still", async () => {
    expect(await instant("bad_total", { timeout: "0" })).toEqual(
      refused("timeout", 503, "query timed out in query queue"),
    );
    // 100 µs are some 20,000 samples: a subquery reads each of its points 600 times.
    const query = "sum_over_time(vector(1)[10m:1s])";
    const slow = { start: T - 3600, end: T, step: 1 };
    expect(await range(query, { ...slow, timeout: "0.0001" })).toEqual(
      refused("timeout", 503, "query timed out in expression evaluation"),
    );
    expect((await range(query, { ...slow, timeout: "2m" })).http).toBe(200);
  });

  it("takes a regular expression of 10 kB, and none takes more than linear time", async () => {
    const long = Array.from({ length: 1200 }, (_, i) => `pod-${i}`).join("|");
    expect(long.length).toBeGreaterThan(9_500);
    expect((await instant(`bad_total{pod!~"${long}"}`)).data?.result).toHaveLength(3);
    expect((await instant(`bad_total{pod=~"(${long}.)+"}`)).data?.result).toEqual([]);
    // Backtracking would take 2^64 steps here and never end.
    expect(compileRegex("(a+)+(a*)*(a|aa)+b")("a".repeat(5_000))).toBe(false);
    expect((await instant('bad_total{app!~"(x+x+)+y"}')).data?.result).toHaveLength(3);
    // What only a backtracking engine can do is refused, with its place.
    expect(await instant('bad_total{pod=~"(a)\\\\1"}')).toMatchObject(
      refused(
        "bad_data",
        400,
        expect.stringMatching(
          /^invalid parameter "query": 1:\d+: parse error: error parsing regexp: invalid escape sequence/,
        ),
      ),
    );
    expect(await instant('bad_total{pod=~"(?=a)"}')).toMatchObject({ http: 400 });
    expect(
      await instant(`bad_total{pod=~"${"(".repeat(1_500)}${")".repeat(1_500)}"}`),
    ).toMatchObject({
      http: 400,
      errorType: "bad_data",
    });
  });

  it("takes a label value of a megabyte in a matcher, and refuses a form of more", async () => {
    const long = "x".repeat(1_000_000);
    expect((await instant(`bad_total{pod="${long}"}`)).data?.result).toEqual([]);
    expect((await instant(`bad_total{pod!="${long}"}`)).data?.result).toHaveLength(3);
    expect(await instant(`bad_total{pod="${long}${long}"}`)).toMatchObject({
      http: 413,
      errorType: "bad_data",
    });
  });

  it("refuses nesting that no expression needs, and chains of any length it cannot hold", async () => {
    for (const query of [
      `${"(".repeat(20_000)}1${")".repeat(20_000)}`,
      `${"-".repeat(50_000)}1`,
      `${"abs(".repeat(20_000)}x`,
      `${"1+".repeat(100_000)}1`,
      "{".repeat(10_000),
      "[".repeat(10_000),
      `a${"[1m:]".repeat(5_000)}`,
    ]) {
      const r = await instant(query);
      expect([r.http, r.errorType]).toEqual([400, "bad_data"]);
      expect(r.error).toMatch(/^invalid parameter "query": \d+:\d+: parse error: /);
    }
  });

  it("answers all where a limit is larger than anything", async () => {
    expect((await instant("bad_total", { limit: "999999999999999" })).data?.result).toHaveLength(3);
    expect(await instant("bad_total", { limit: "99999999999999999999" })).toEqual(
      refused(
        "bad_data",
        400,
        'invalid parameter "limit": strconv.Atoi: parsing "99999999999999999999": value out of range',
      ),
    );
    const cut = await range("bad_total", { limit: 2 });
    expect(cut.data?.result).toHaveLength(2);
    expect(cut.warnings).toEqual(["results truncated due to limit"]);
  });
});

describe("times that are none", () => {
  it.each(["NaN", "Inf", "+Inf", "-inf", "1e300", "yesterday", "2020-02-30T00:00:00", "0x10"])(
    "refuses a time of %s",
    async (time) => {
      expect(await form("query", { query: "1", time })).toEqual(
        refused(
          "bad_data",
          400,
          `invalid parameter "time": Invalid time value for 'time': cannot parse "${time}" to a valid timestamp`,
        ),
      );
      expect(await range("1", { start: time })).toEqual(
        refused(
          "bad_data",
          400,
          `invalid parameter "start": cannot parse "${time}" to a valid timestamp`,
        ),
      );
    },
  );

  it.each([
    ["NaN", 'cannot parse "NaN" to a valid duration'],
    ["Inf", 'cannot parse "Inf" to a valid duration. It overflows int64'],
    ["-Inf", 'cannot parse "-Inf" to a valid duration. It overflows int64'],
    ["1e300", 'cannot parse "1e300" to a valid duration. It overflows int64'],
    ["5m1h", 'cannot parse "5m1h" to a valid duration'],
    ["5 m", 'cannot parse "5 m" to a valid duration'],
    ["1.5h", 'cannot parse "1.5h" to a valid duration'],
    ["-5m", 'cannot parse "-5m" to a valid duration'],
    [
      "0.0001",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    ],
  ])("refuses a step of %s", async (step, why) => {
    expect(await range("1", { step })).toEqual(
      refused("bad_data", 400, `invalid parameter "step": ${why}`),
    );
  });

  it("answers of 1970 and of 2100 that there is nothing", async () => {
    for (const time of ["0", "-86400", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"])
      expect((await form("query", { query: "bad_total", time })).data?.result).toEqual([]);
    expect((await range("bad_total", { start: 0, end: 4_102_444_800, step: "1y" })).http).toBe(200);
    const series = await form("series", { "match[]": "bad_total", start: 0, end: 1 });
    expect([series.http, series.data]).toEqual([200, []]);
    // How Prometheus' own clients write the ends of all time.
    const all = await form("series", {
      "match[]": "bad_total",
      start: "-292273086-05-16T16:47:06Z",
      end: "292277025-08-18T07:12:54.999999999Z",
    });
    expect(all.data).toHaveLength(3);
  });
});

describe("expressions that come to nothing", () => {
  it("tells label sets that became equal", async () => {
    expect(await instant('label_replace(bad_total, "pod", "same", "app", ".*")')).toEqual(
      refused("execution", 422, "vector cannot contain metrics with the same labelset"),
    );
  });

  it.each([
    ["sum(", "1:5: parse error: unclosed left parenthesis"],
    ["", "1:1: parse error: no expression found in input"],
    ["bad_total\n  + ", /^2:\d+: parse error: /],
    ["rate(bad_total)", /^1:6: parse error: expected type range vector/],
    ["no_such(1)", '1:1: parse error: unknown function with name "no_such"'],
    ["bad_total[5m] offset", /^1:21: parse error: /],
    ['bad_total{pod="a}', /^1:15: parse error: unterminated quoted string/],
    ["{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"],
    ["\u0000", /^1:1: parse error: unexpected character/],
  ])("places what is wrong with %j", async (query, error) => {
    const r = await instant(query);
    expect([r.http, r.errorType]).toEqual([400, "bad_data"]);
    const told = r.error?.replace('invalid parameter "query": ', "");
    if (typeof error === "string") expect(told).toBe(error);
    else expect(told).toMatch(error);
  });

  it("refuses bytes that are no UTF-8, in Prometheus' words", async () => {
    const ask = async (query: string): Promise<string | undefined> =>
      (await (await send(`/api/v1/query?query=${query}`, { headers: READ })).json<Body>()).error;
    expect(await ask("%ff")).toMatch(/1:1: parse error: unexpected character/);
    expect(await ask("up%7Ba=%22%ff%22%7D")).toBe(
      'invalid parameter "query": 1:6: parse error: invalid UTF-8 rune',
    );
  });
});

describe("parameters", () => {
  it("passes over those that it does not know", async () => {
    expect((await instant("1", { dedup: "true", partial_response: 1, "": "" })).http).toBe(200);
  });

  it("takes a form's before the address'", async () => {
    const r = await send(`/api/v1/query?query=2&time=${T}`, {
      method: "POST",
      headers: READ,
      body: new URLSearchParams({ query: "1" }),
    });
    expect(await r.json()).toMatchObject({ data: { result: [T, "1"] } });
    const selectors = await send('/api/v1/series?match[]=bad_total{pod="a"}', {
      method: "POST",
      headers: READ,
      body: new URLSearchParams({ "match[]": 'bad_total{pod="b"}' }),
    });
    expect((await selectors.json<{ data: unknown[] }>()).data).toHaveLength(2);
  });

  it.each(["application/json", "text/plain", "multipart/form-data"])(
    "reads no body of %s: only the address counts",
    async (type) => {
      const headers = { ...READ, "content-type": type };
      const body = JSON.stringify({ query: "1" });
      const none = await send("/api/v1/query", { method: "POST", headers, body });
      expect([none.status, await none.json()]).toMatchObject([400, { errorType: "bad_data" }]);
      const address = await send("/api/v1/query?query=2", { method: "POST", headers, body });
      expect(address.status).toBe(200);
    },
  );

  it("reads UTF-8 label names in an address", async () => {
    await post("/api/v1/import/prometheus", `{"bad.utf8","pod.name é"="x"} 1 ${T * 1000}\n`);
    for (const name of ["U__pod_2e_name_20__e9_", encodeURIComponent("pod.name é")]) {
      const r = await send(`/api/v1/label/${name}/values`, { headers: READ });
      expect([r.status, (await r.json<{ data: unknown }>()).data]).toEqual([200, ["x"]]);
    }
    // No escaping after all: a name by itself.
    const plain = await send("/api/v1/label/U__a_zz_/values", { headers: READ });
    expect([plain.status, (await plain.json<{ data: unknown }>()).data]).toEqual([200, []]);
  });
});

describe("a series of floats and native histograms", () => {
  beforeAll(async () => {
    const at = (i: number): number => (T + 15 * i) * 1000;
    const body = writeRequest([
      {
        labels: { __name__: "mixed", app: "x" },
        samples: [0, 1, 2].map((i) => [at(i), i] as const),
        histograms: [3, 4].map((i) => [at(i), 4 * i] as const),
      },
    ]);
    const r = await post("/api/v1/write", body, {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
    });
    expect(r.status, await r.text()).toBe(204);
  });

  it("is told as both, side by side", async () => {
    const r = await instant("mixed[5m]", { time: T + 61 });
    expect(r.data?.result).toEqual([
      {
        metric: { __name__: "mixed", app: "x" },
        values: [0, 1, 2].map((i) => [T + 15 * i, String(i)]),
        histograms: [3, 4].map((i) => [
          T + 15 * i,
          { count: `${4 * i}`, sum: `${6 * i}`, buckets: [[0, "1", "2", `${4 * i}`]] },
        ]),
      },
    ]);
    expect((await instant("mixed", { time: T + 61 })).data?.result).toMatchObject([
      { histogram: [T + 61, { count: "16" }] },
    ]);
  });

  it("warns with a place where a function takes one kind alone", async () => {
    const rate = await instant("rate(mixed[5m])", { time: T + 61 });
    expect([rate.data?.result, rate.warnings]).toEqual([
      [],
      ['PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:6)'],
    ]);
    expect((await instant("sum(mixed or bad_total)", { time: T + 61 })).warnings).toEqual([
      "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)",
    ]);
  });
});

describe("anything at all", () => {
  const ROUTES = [
    ["query", "query", "time", "timeout", "limit", "lookback_delta", "stats"],
    ["query_range", "query", "start", "end", "step", "timeout", "limit"],
    ["query_exemplars", "query", "start", "end"],
    ["series", "match[]", "start", "end", "limit"],
    ["labels", "match[]", "start", "end", "limit"],
    ["format_query", "query"],
    ["parse_query", "query"],
  ] as const;
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("", "0", "-1", "1e9", "NaN", "5m", "bad_total", "{", "bad_total[1m:]", "1/0"),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
  );

  it("is answered in the API's own shape, with a status that it knows", async () => {
    const asked = fc
      .constantFrom(...ROUTES)
      .chain(([route, ...names]) =>
        fc.tuple(
          fc.constant(route),
          fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 6 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(asked, async ([route, params]) => {
        // As it is sent, so that lone surrogates come as what an encoder makes of them.
        const body = new URLSearchParams(params.map(([k, v]) => [k, v]));
        const r = await send(`/api/v1/${route}`, { method: "POST", headers: READ, body });
        expect([200, 204, 400, 422, 503]).toContain(r.status);
        if (r.status === 204) return;
        const answer = await r.json<Body>();
        expect(answer.status).toBe(r.status === 200 ? "success" : "error");
        if (r.status === 400) expect(answer.errorType).toBe("bad_data");
        if (r.status === 422) expect(answer.errorType).toBe("execution");
      }),
      { numRuns: 400 },
    );
  });
});

describe("churn", () => {
  it("shows each pod of an hour, one a second, only in its own time", async () => {
    const from = T + 600 - 3_600;
    const lines = Array.from(
      { length: 3_600 },
      (_, i) => `churn_up{pod="pod-${i}"} 1 ${(from + i) * 1000}`,
    );
    const r = await post("/api/v1/import/prometheus", `${lines.join("\n")}\n`);
    expect(r.status).toBe(204);
    const count = { query: "count(churn_up)", lookback_delta: "60s" };
    expect((await form("query", { ...count, time: from + 3_599 })).data?.result).toMatchObject([
      { value: [from + 3_599, "60"] },
    ]);
    const hour = { ...count, start: from + 59, end: from + 3_599, step: 60 };
    expect((await form("query_range", hour)).data?.result).toMatchObject([
      { values: Array.from({ length: 60 }, (_, i) => [from + 59 + 60 * i, "60"]) },
    ]);
    const pods = async (first: number, last: number, limit: number): Promise<Body> => {
      const span = { "match[]": "churn_up", start: from + first, end: from + last };
      expect((await form("labels", span)).data).toEqual(["__name__", "pod"]);
      const params = encoded({ ...span, limit });
      return (await send(`/api/v1/label/pod/values?${params}`, { headers: READ })).json();
    };
    const some: unknown = (await pods(1_000, 1_002, 0)).data;
    expect(some).toEqual(expect.arrayContaining(["pod-1000", "pod-1001", "pod-1002"]));
    expect(some).not.toContain("pod-0");
    expect(await pods(0, 3_599, 5)).toMatchObject({
      data: expect.objectContaining({ length: 5 }),
      warnings: ["results truncated due to limit"],
    });
    const tsdb = await (
      await send("/api/v1/status/tsdb?limit=1", { headers: READ })
    ).json<{ data: Record<string, unknown> }>();
    expect(tsdb.data).toMatchObject({
      seriesCountByMetricName: [{ name: "churn_up", value: 3_600 }],
      // The first of them began more than an hour ago.
      newSeriesByMetricName: [{ name: "churn_up", value: expect.closeTo(3_600, -3) }],
    });
  });
});

describe("other origins", () => {
  const origin = { origin: "https://grafana.example" };

  it("are let in where they are named, and nowhere else", async () => {
    const vars = { PROMETHEUS_CORS_ORIGIN: "https://(grafana|dash)\\.example" };
    const r = await deployed(vars, "query?query=1", { headers: origin });
    expect(r.headers.get("access-control-allow-origin")).toBe("https://grafana.example");
    expect(r.headers.get("vary")).toBe("Origin");
    const asked = await deployed(vars, "query", { method: "OPTIONS", headers: origin });
    expect([asked.status, asked.headers.get("access-control-allow-methods")]).toEqual([
      204,
      "GET, POST, OPTIONS",
    ]);
    const other = await deployed(vars, "query?query=1", {
      headers: { origin: "https://grafana.example.evil" },
    });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const writes = await deployed(vars, "write", { method: "OPTIONS", headers: origin });
    expect(writes.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("may be any, as Prometheus has it by default", async () => {
    const r = await deployed({ PROMETHEUS_CORS_ORIGIN: ".*" }, "labels", { headers: origin });
    expect(r.headers.get("access-control-allow-origin")).toBe("*");
  });
});
