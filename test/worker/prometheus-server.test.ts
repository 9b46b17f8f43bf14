import { beforeAll, describe, expect, it } from "vitest";
import { ProtoWriter } from "../../src/http/prometheus/proto-writer";
import { decodeSnappy } from "../../src/ingest/snappy/decode";
import { encodeSnappy } from "../../src/ingest/snappy/encode";
import { post, send } from "./ingest-metrics-client";

const READ = { authorization: "Bearer vdt_read_local" };
const ADMIN = { authorization: "Bearer vdt_admin_local" };
/** A quarter minute ago and more, so that every sample is the last of its series now. */
const T = Math.floor(Date.now() / 15_000) * 15 - 60;

interface Body {
  readonly status: string;
  readonly data: unknown;
  readonly error?: string;
}

async function get(path: string, params: Readonly<Record<string, string>> = {}): Promise<Body> {
  const r = await send(`/api/v1/${path}?${new URLSearchParams(params)}`, { headers: READ });
  return r.json();
}

beforeAll(async () => {
  const body = `# HELP server_temperature How warm.
# TYPE server_temperature gauge
server_temperature{room="a"} 20 ${T * 1000}
server_temperature{room="a"} 21 ${(T + 15) * 1000}
server_temperature{room="b",instance="i"} 22.5 ${(T + 15) * 1000}
{"server.utf8","room é"="x"} 1 ${T * 1000}
`;
  expect((await post("/api/v1/import/prometheus", body)).status).toBe(204);
});

describe("stats", () => {
  const ask = async (stats: string): Promise<unknown> => {
    const params = {
      query: "rate(server_temperature[1m])",
      start: `${T}`,
      end: `${T + 30}`,
      step: "15",
    };
    return ((await get("query_range", { ...params, stats })).data as { stats?: unknown }).stats;
  };

  it("are told when asked for, of every step when asked for all", async () => {
    expect(await ask("")).toBeUndefined();
    const some = {
      timings: { execTotalTime: expect.any(Number), evalTotalTime: expect.any(Number) },
      samples: { totalQueryableSamples: 7, peakSamples: expect.any(Number) },
    };
    expect(await ask("true")).toMatchObject(some);
    expect(await ask("true")).not.toHaveProperty("samples.totalQueryableSamplesPerStep");
    expect(await ask("all")).toMatchObject({
      ...some,
      samples: {
        totalQueryableSamplesPerStep: [
          [T, 1],
          [T + 15, 3],
          [T + 30, 3],
        ],
      },
    });
  });
});

describe("status", () => {
  it("tells what runs under which settings", async () => {
    expect((await get("status/runtimeinfo")).data).toMatchObject({
      startTime: expect.stringMatching(/^\d{4}-.*Z$/),
      storageRetention: "395d",
      reloadConfigSuccess: true,
    });
    expect((await get("status/flags")).data).toMatchObject({
      "query.max-samples": "4000000",
      "query.lookback-delta": "5m",
      "storage.tsdb.retention.time": "395d",
      "web.enable-remote-write-receiver": "true",
    });
    expect((await get("status/walreplay")).data).toEqual({ min: 0, max: 0, current: 0 });
  });

  it("tells what fills the index, as much of it as is asked", async () => {
    const { data } = await get("status/tsdb", { limit: "1" });
    expect(data).toMatchObject({
      headStats: { numSeries: expect.any(Number), minTime: T * 1000 },
      seriesCountByMetricName: [{ name: "server_temperature", value: 2 }],
      labelValueCountByLabelName: [{ name: expect.any(String), value: 2 }],
    });
    for (const [limit, error] of [
      ["0", "limit must be a positive number"],
      ["x", "limit must be a positive number"],
      ["10001", "limit must not exceed 10000"],
    ] as const)
      expect((await get("status/tsdb", { limit })).error).toBe(error);
  });

  it("names features that are there and that are not", async () => {
    expect((await get("features")).data).toMatchObject({
      promql: { subqueries: true, anchored: false },
      promql_functions: { rate: true, info: true },
      promql_operators: { sum: true, atan2: true, fill: false },
    });
  });

  it("refuses the server's event stream by name", async () => {
    const r = await send("/api/v1/notifications/live", { headers: READ });
    expect([r.status, await r.json()]).toMatchObject([404, { errorType: "not_found" }]);
  });
});

describe("metadata", () => {
  it("takes nought as a limit, and less as none", async () => {
    expect((await get("metadata", { limit: "0" })).data).toEqual({});
    for (const limit of ["-1", "1000"])
      expect((await get("metadata", { limit, metric: "server_temperature" })).data).toEqual({
        server_temperature: [{ type: "gauge", help: "How warm.", unit: "" }],
      });
    expect(Object.keys((await get("metadata", { limit: "1" })).data as object)).toHaveLength(1);
    expect((await get("metadata", { limit_per_metric: "x" })).error).toBe(
      "limit_per_metric must be a number",
    );
  });
});

describe("search", () => {
  const search = async (what: string, params: readonly (readonly [string, string])[]) => {
    const query = new URLSearchParams(params.map(([k, v]) => [k, v]));
    const r = await send(`/api/v1/search/${what}?${query}`, { headers: READ });
    const lines = (await r.text()).trim().split("\n");
    return { http: r.status, lines: lines.map((line): unknown => JSON.parse(line)) };
  };

  it("finds names that hold or resemble a term, best first, in batches", async () => {
    expect(
      await search("metric_names", [
        ["search[]", "temperature"],
        ["include_score", "true"],
        ["include_metadata", "true"],
      ]),
    ).toEqual({
      http: 200,
      lines: [
        {
          results: [
            {
              name: "server_temperature",
              score: 0.9,
              type: "gauge",
              help: "How warm.",
              unit: "",
            },
          ],
        },
        { status: "success", has_more: false },
      ],
    });
    expect(
      await search("metric_names", [
        ["match[]", '{__name__=~"server.*"}'],
        ["search[]", "Server.Utf9"],
        ["fuzz_threshold", "90"],
        ["case_sensitive", "false"],
        ["sort_by", "score"],
      ]),
    ).toMatchObject({ lines: [{ results: [{ name: "server.utf8" }] }, {}] });
    expect(
      await search("label_names", [
        ["match[]", '{__name__=~"server.*"}'],
        ["sort_by", "alpha"],
        ["sort_dir", "dsc"],
        ["limit", "3"],
        ["batch_size", "2"],
      ]),
    ).toEqual({
      http: 200,
      lines: [
        { results: [{ name: "room é" }, { name: "room" }] },
        { results: [{ name: "instance" }] },
        { status: "success", has_more: true },
      ],
    });
    expect(
      await search("label_values", [
        ["label", "room"],
        ["search[]", "nothing"],
      ]),
    ).toMatchObject({ lines: [{ results: [] }, { has_more: false }] });
  });

  it.each([
    [[], 'missing required parameter "label"'],
    [[["fuzz_alg", "x"]], 'invalid fuzz_alg "x": must be "jarowinkler" or "subsequence"'],
    [[["limit", "0"]], 'invalid limit "0": must be a whole number from 1 to 10000'],
    [[["sort_dir", "asc"]], "sort_dir is only valid with sort_by=alpha"],
    [[["sort_by", "score"]], "sort_by=score requires search[] to be set"],
    [[["include_score", "x"]], 'invalid include_score "x": must be boolean'],
  ] as const)("refuses %j", async (params, error) => {
    expect(await search("label_values", params)).toEqual({
      http: 400,
      lines: [{ status: "error", errorType: "bad_data", error }],
    });
  });
});

describe("query_exemplars", () => {
  it("says nothing of an expression that selects nothing", async () => {
    const r = await send("/api/v1/query_exemplars?query=1", { headers: READ });
    expect([r.status, await r.text()]).toEqual([204, ""]);
  });

  it("refuses as Prometheus does", async () => {
    expect((await get("query_exemplars", { query: "sum(" })).error).toBe(
      "1:5: parse error: unclosed left parenthesis",
    );
    expect((await get("query_exemplars", { query: "up", start: "2", end: "1" })).error).toBe(
      "end timestamp must not be before start timestamp",
    );
  });
});

describe("/federate", () => {
  const federate = (selectors: readonly string[], accept = ""): Promise<Response> =>
    send(`/federate?${new URLSearchParams(selectors.map((s) => ["match[]", s]))}`, {
      headers: { ...READ, accept },
    });

  it("tells the last sample of each selected series once", async () => {
    const r = await federate(["server_temperature", '{room="a"}']);
    expect([r.status, r.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    expect(await r.text()).toBe(`# TYPE server_temperature untyped
server_temperature{instance="i",room="b"} 22.5 ${(T + 15) * 1000}
server_temperature{room="a",instance=""} 21 ${(T + 15) * 1000}
`);
  });

  it("speaks OpenMetrics, with names in UTF-8 where they are taken", async () => {
    const r = await federate(
      ['{"server.utf8"}'],
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
    );
    expect(await r.text()).toBe(
      `# TYPE "server.utf8" unknown\n{"server.utf8","room é"="x",instance=""} 1 ${T}\n# EOF\n`,
    );
  });

  it("is empty where nothing is selected, and names what is no selector", async () => {
    expect(await (await federate([])).text()).toBe("");
    const r = await federate(["sum(up)"]);
    expect([r.status, await r.text()]).toEqual([400, '1:4: parse error: unexpected "("\n']);
    const anyone = await send("/federate?match[]=up");
    expect(anyone.status).toBe(401);
  });
});

describe("/api/v1/read", () => {
  const request = (
    accepted: readonly number[],
    type = 0,
    value = "server_temperature",
  ): Uint8Array => {
    const w = new ProtoWriter();
    w.message(1, (q) => {
      q.int(1, T * 1000);
      q.int(2, (T + 15) * 1000);
      q.message(3, (m) => {
        m.int(1, type);
        m.text(2, "__name__");
        m.text(3, value);
      });
    });
    for (const a of accepted) w.int(2, a);
    return w.bytes.finish();
  };
  const read = (body: Uint8Array): Promise<Response> =>
    send("/api/v1/read", { method: "POST", headers: READ, body: encodeSnappy(body) });

  it.each([[[]], [[0]], [[1, 0]]])(
    "answers who accepts %j with samples, both ends included",
    async (accepted) => {
      const r = await read(request(accepted));
      expect([r.status, r.headers.get("content-type"), r.headers.get("content-encoding")]).toEqual([
        200,
        "application/x-protobuf",
        "snappy",
      ]);
      const bytes = decodeSnappy(new Uint8Array(await r.arrayBuffer()), 1_000_000);
      const text = new TextDecoder("latin1").decode(bytes);
      expect(text.match(/server_temperature/g)).toHaveLength(2);
      // Three samples of two fields each: a double and a time.
      expect(text.split("\u0012\u0010\u0009")).toHaveLength(1 + 3);
    },
  );

  it("refuses who accepts streamed chunks alone, patterns and bytes that are none, and a token that may not read", async () => {
    const refusals: readonly (readonly [Uint8Array, number, RegExp])[] = [
      [request([1]), 400, /does not support any of the requested response types/],
      [request([], 2, "("), 400, /missing closing/],
      [request([], 7), 400, /invalid matcher type 7/],
      [Uint8Array.of(10, 99), 400, /at byte 1/],
    ];
    for (const [body, status, error] of refusals) {
      const r = await read(body);
      expect(r.status).toBe(status);
      expect(await r.text()).toMatch(error);
    }
    const raw = await send("/api/v1/read", { method: "POST", headers: READ, body: "no snappy" });
    expect(raw.status).toBe(400);
    const headers = { authorization: "Bearer vdt_ingest_local" };
    const wrong = await send("/api/v1/read", { method: "POST", headers, body: "" });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([
      403,
      "text/plain; charset=UTF-8",
    ]);
  });
});

describe("rules", () => {
  beforeAll(async () => {
    for (const [namespace, names] of [
      ["b.yml", ["one"]],
      ["a.yml", ["two", "three"]],
    ] as const) {
      const groups = names.map(
        (name) => `  - {name: ${name}, rules: [{record: "paged:${name}", expr: "1"}]}`,
      );
      const r = await send(`/config/v1/rules/${namespace}`, {
        method: "PUT",
        headers: { ...ADMIN, "content-type": "application/yaml" },
        body: `groups:\n${groups.join("\n")}\n`,
      });
      expect(r.status, await r.text()).toBe(202);
    }
  });

  it("come in pages", async () => {
    const pages: string[][] = [];
    let token = "";
    do {
      const { data } = await get("rules", {
        group_limit: "2",
        ...(token === "" ? {} : { group_next_token: token }),
      });
      const page = data as { groups: { file: string; name: string }[]; groupNextToken?: string };
      pages.push(page.groups.map((g) => `${g.file}/${g.name}`));
      token = page.groupNextToken ?? "";
    } while (token !== "");
    expect(pages).toEqual([["a.yml/three", "a.yml/two"], ["b.yml/one"]]);
    const all = (await get("rules")).data as { groups: unknown[] };
    expect(all.groups).toHaveLength(3);
    expect(all).not.toHaveProperty("groupNextToken");
  });

  it("page over the groups that a filter leaves", async () => {
    const { data } = await get("rules", { group_limit: "1", "rule_name[]": "paged:two" });
    expect(data).toMatchObject({ groups: [{ name: "two" }] });
    expect(data).not.toHaveProperty("groupNextToken");
  });

  it.each([
    [
      { group_limit: "0" },
      'invalid parameter "group_limit": group_limit needs to be greater than 0',
    ],
    [
      { group_limit: "x" },
      'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      { group_limit: "9999999999" },
      'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "9999999999": value out of range',
    ],
    [
      { group_next_token: "x" },
      'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
    ],
    [
      { group_limit: "1", group_next_token: "x" },
      `invalid parameter "group_next_token": invalid group_next_token 'x'. were rule groups changed?`,
    ],
    [
      { exclude_alerts: "maybe" },
      'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [{ type: "Both" }, 'invalid parameter "type": not supported value "both"'],
    [{ "match[]": "{}" }, "match[] must contain at least one non-empty matcher"],
  ])("refuse %o", async (params, error) => {
    expect((await get("rules", params)).error).toBe(error);
  });
});
