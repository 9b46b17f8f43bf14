import { beforeAll, describe, expect, it } from "vitest";
import { post, send } from "./ingest-metrics-client";

const READ = { authorization: "Bearer vdt_read_local" };
const FORM = { ...READ, "content-type": "application/x-www-form-urlencoded" };
/** A whole minute some minutes ago, so that every point is inside the window in which samples are taken. */
const T = Math.floor(Date.now() / 60_000) * 60 - 600;

interface Body {
  readonly status: string;
  readonly data?: unknown;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

async function get(
  path: string,
  params: Readonly<Record<string, string | number>> | readonly (readonly [string, string])[] = {},
): Promise<Body & { readonly http: number }> {
  const pairs = Array.isArray(params)
    ? params
    : Object.entries(params).map(([k, v]) => [k, String(v)]);
  const r = await send(`/api/v1/${path}?${new URLSearchParams(pairs as string[][])}`, {
    headers: READ,
  });
  return { http: r.status, ...(await r.json<Body>()) };
}

beforeAll(async () => {
  const lines = ["# HELP api_hits_total Hits so far.", "# TYPE api_hits_total counter"];
  for (let i = 0; i <= 10; i++) {
    const ms = (T + 30 * i) * 1000;
    lines.push(
      `api_hits_total{path="/a",code="200"} ${60 * i} ${ms}`,
      `api_hits_total{path="/b",code="500"} ${30 * i} ${ms}`,
    );
  }
  lines.push(
    `api_small{kind="tiny"} 1e-7 ${T * 1000}`,
    `api_small{kind="none"} NaN ${T * 1000}`,
    `api_small{kind="all"} +Inf ${T * 1000}`,
  );
  const r = await post("/api/v1/import/prometheus", `${lines.join("\n")}\n`);
  expect(r.status).toBe(204);
});

describe("query", () => {
  it("answers an instant vector by GET and by POST form", async () => {
    const expected = {
      status: "success",
      data: {
        resultType: "vector",
        result: [
          { metric: { path: "/a" }, value: [T + 300, "2"] },
          { metric: { path: "/b" }, value: [T + 300, "1"] },
        ],
      },
    };
    const query = "sum by (path) (rate(api_hits_total[5m]))";
    const { http, ...body } = await get("query", { query, time: T + 300 });
    expect([http, body]).toEqual([200, expected]);
    const posted = await send("/api/v1/query", {
      method: "POST",
      headers: FORM,
      body: new URLSearchParams({ query, time: String(T + 300) }),
    });
    expect(await posted.json()).toEqual(expected);
  });

  it("prints values and times as Prometheus does", async () => {
    const small = await get("query", {
      query: "sort(api_small)",
      time: new Date(T * 1000 + 1500).toISOString(),
    });
    expect(small.data).toEqual({
      resultType: "vector",
      result: [
        { metric: { __name__: "api_small", kind: "tiny" }, value: [T + 1.5, "1e-07"] },
        { metric: { __name__: "api_small", kind: "all" }, value: [T + 1.5, "+Inf"] },
        { metric: { __name__: "api_small", kind: "none" }, value: [T + 1.5, "NaN"] },
      ],
    });
    expect((await get("query", { query: "1 / 3", time: 12.3456 })).data).toEqual({
      resultType: "scalar",
      result: [12.346, "0.3333333333333333"],
    });
    expect((await get("query", { query: '"a\\"b"', time: 0 })).data).toEqual({
      resultType: "string",
      result: [0, 'a"b'],
    });
  });

  it("answers a range vector as a matrix, left end open", async () => {
    const r = await get("query", { query: 'api_hits_total{path="/a"}[1m]', time: T + 60 });
    expect(r.data).toEqual({
      resultType: "matrix",
      result: [
        {
          metric: { __name__: "api_hits_total", code: "200", path: "/a" },
          values: [
            [T + 30, "60"],
            [T + 60, "120"],
          ],
        },
      ],
    });
  });

  it("takes limit, lookback_delta and stats", async () => {
    const cut = await get("query", { query: "api_hits_total", time: T + 300, limit: 1 });
    expect(cut.data).toMatchObject({ result: [{}] });
    expect(cut.warnings).toEqual(["results truncated due to limit"]);
    expect(
      (await get("query", { query: "api_hits_total", time: T + 330, lookback_delta: "10s" })).data,
    ).toEqual({ resultType: "vector", result: [] });
    const counted = await get("query", {
      query: "rate(api_hits_total[5m])",
      time: T + 300,
      stats: "all",
    });
    expect(counted.data).toMatchObject({ stats: { samples: { totalQueryableSamples: 20 } } });
  });

  it("tells annotations with their place", async () => {
    expect(
      (await get("query", { query: "quantile(2, api_hits_total)", time: T })).warnings,
    ).toEqual(["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]);
    expect(
      (await get("query", { query: "sum(rate(api_small[5m] offset -1m))", time: T })).infos ?? [],
    ).toEqual([]);
  });
});

describe("query_range", () => {
  it("answers a matrix sorted by labels", async () => {
    const r = await get("query_range", {
      query: "api_hits_total / 10",
      start: T,
      end: T + 60,
      step: "30s",
    });
    expect(r.data).toEqual({
      resultType: "matrix",
      result: [
        {
          metric: { code: "200", path: "/a" },
          values: [
            [T, "0"],
            [T + 30, "6"],
            [T + 60, "12"],
          ],
        },
        {
          metric: { code: "500", path: "/b" },
          values: [
            [T, "0"],
            [T + 30, "3"],
            [T + 60, "6"],
          ],
        },
      ],
    });
  });

  it.each([
    [{ end: "x" }, 'invalid parameter "end": cannot parse "x" to a valid timestamp'],
    [{ end: T - 1 }, 'invalid parameter "end": end timestamp must not be before start time'],
    [{ step: "" }, 'invalid parameter "step": cannot parse "" to a valid duration'],
    [
      { step: "0" },
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      { end: T + 11_001 },
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ],
    [{ query: "sum(" }, 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'],
    [
      { query: "api_hits_total[5m]" },
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
    [{ limit: "-1" }, 'invalid parameter "limit": limit must be non-negative'],
    [{ timeout: "soon" }, 'invalid parameter "timeout": cannot parse "soon" to a valid duration'],
  ])("refuses %o", async (change, error) => {
    const params = { query: "up", start: T, end: T + 60, step: "1", ...change };
    expect(await get("query_range", params)).toEqual({
      http: 400,
      status: "error",
      errorType: "bad_data",
      error,
    });
  });

  it("tells an evaluation that cannot be done as 422", async () => {
    const r = await get("query_range", {
      query: "api_hits_total + on() api_hits_total",
      start: T,
      end: T + 60,
      step: 30,
    });
    expect(r).toMatchObject({ http: 422, status: "error", errorType: "execution" });
    expect(r.error).toMatch(
      /^found duplicate series for the match group \{\} on the right hand-side of the operation/,
    );
  });
});

describe("series and labels", () => {
  it("lists series, label names and values by selector", async () => {
    const range = [
      ["start", String(T)],
      ["end", String(T + 60)],
    ] as const;
    expect(
      (await get("series", [["match[]", 'api_hits_total{path=~"/a|/c"}'], ...range])).data,
    ).toEqual([{ __name__: "api_hits_total", code: "200", path: "/a" }]);
    expect(
      (await get("labels", [["match[]", "api_hits_total"], ["match[]", "api_small"], ...range]))
        .data,
    ).toEqual(["__name__", "code", "kind", "path"]);
    expect((await get("label/path/values", [["match[]", '{code!=""}']])).data).toEqual([
      "/a",
      "/b",
    ]);
    const one = await get("label/path/values", [
      ["limit", "1"],
      ["match[]", "api_hits_total"],
    ]);
    expect([one.data, one.warnings]).toEqual([["/a"], ["results truncated due to limit"]]);
  });

  it("refuses what is no selector", async () => {
    expect(await get("series")).toEqual({
      http: 400,
      status: "error",
      errorType: "bad_data",
      error: "no match[] parameter provided",
    });
    const refusals: readonly (readonly [string, string])[] = [
      ["{}", "match[] must contain at least one non-empty matcher"],
      ["sum(up)", '1:4: parse error: unexpected "("'],
      ["up offset 5m", "1:4: parse error: unexpected <offset>"],
    ];
    for (const [selector, error] of refusals) {
      const refused = { http: 400, status: "error", errorType: "bad_data" };
      expect(await get("labels", [["match[]", selector]])).toEqual({ ...refused, error });
      expect(await get("label/job/values", [["match[]", selector]])).toEqual({ ...refused, error });
      // Of these routes this one alone names the parameter, as in Prometheus.
      expect(await get("series", [["match[]", selector]])).toEqual({
        ...refused,
        error: `invalid parameter "match[]": ${error}`,
      });
    }
    expect((await get("labels", [["start", "x"]])).error).toBe(
      `invalid parameter "start": Invalid time value for 'start': cannot parse "x" to a valid timestamp`,
    );
    expect((await get("metadata", { limit: "x" })).error).toBe("limit must be a number");
    expect((await get("query", { query: "up", lookback_delta: "zz" })).error).toBe(
      'error parsing lookback delta duration: cannot parse "zz" to a valid duration',
    );
  });

  it("answers metadata", async () => {
    expect((await get("metadata", { metric: "api_hits_total" })).data).toEqual({
      api_hits_total: [{ type: "counter", help: "Hits so far.", unit: "" }],
    });
  });
});

describe("expressions", () => {
  it("formats a query", async () => {
    expect((await get("format_query", { query: "sum(rate(a[5m]))by(b)/ on(c) d" })).data).toBe(
      "sum by (b) (rate(a[5m])) / on (c) d",
    );
  });

  it("gives the tree of a query", async () => {
    expect((await get("parse_query", { query: "-a{b!='c'} offset 1m" })).data).toEqual({
      type: "unaryExpr",
      op: "-",
      expr: {
        type: "vectorSelector",
        name: "a",
        offset: 60_000,
        matchers: [
          { name: "__name__", type: "=", value: "a" },
          { name: "b", type: "!=", value: "c" },
        ],
        timestamp: null,
        startOrEnd: null,
        anchored: false,
        smoothed: false,
      },
    });
  });
});

describe("a data source's checks", () => {
  it("answers buildinfo", async () => {
    expect((await get("status/buildinfo")).data).toMatchObject({
      version: expect.stringMatching(/^3\./),
    });
  });

  it("refuses without a token that may read, in the API's own shape", async () => {
    const none = await send("/api/v1/query?query=1");
    expect([none.status, await none.json()]).toMatchObject([
      401,
      { status: "error", errorType: "unauthorized" },
    ]);
    const ingest = await send("/api/v1/query?query=1", {
      headers: { authorization: "Bearer vdt_ingest_local" },
    });
    expect([ingest.status, await ingest.json()]).toMatchObject([
      403,
      { status: "error", errorType: "forbidden" },
    ]);
  });
});
