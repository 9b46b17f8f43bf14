import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const ORIGIN = "http://localhost";
const DAY_S = 86_400;
const NOW_S = Math.floor(Date.now() / 1000);

function call(
  method: string,
  path: string,
  options: { token?: string; body?: string; type?: string } = {},
): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.token ?? "vdt_admin_local"}`,
      ...(options.type === undefined ? {} : { "content-type": options.type }),
    },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
}

const backFill = (body: string, query = "", type = "text/plain"): Promise<Response> =>
  call("POST", `/api/v1/import/prometheus-dump${query}`, { token: "vdt_ingest_local", body, type });

async function values(query: string, timeS: number): Promise<string[]> {
  const r = await call("GET", `/api/v1/query?query=${encodeURIComponent(query)}&time=${timeS}`);
  const { data } = (await r.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map((s) => s.value[1]);
}

const GRID = NOW_S - (NOW_S % DAY_S) - 30 * DAY_S;

describe("back-fill", () => {
  it("stores lines of any age, tells repeats, and names what it refuses", async () => {
    const at = GRID + 60;
    const line = `{__name__="back_filled", job="a"} 7 ${at * 1000}\n`;
    const first = await backFill(line);
    expect([first.status, await first.json()]).toEqual([
      200,
      { lines: 1, accepted: 1, duplicates: 0, exemplars_left_out: 0 },
    ]);
    expect(await (await backFill(line)).json()).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await values("back_filled", at)).toEqual(["7"]);
    const other = await backFill(line.replace(" 7 ", " 8 "));
    expect([other.status, await other.text()]).toEqual([
      400,
      expect.stringMatching(/duplicate_timestamp/),
    ]);
    const old = await backFill(`{__name__="back_filled"} 7 ${(NOW_S - 400 * DAY_S) * 1000}`);
    expect([old.status, await old.text()]).toEqual([400, expect.stringMatching(/too_old/)]);
    expect(await values("back_filled", at)).toEqual(["7"]);
  });

  it("reads OpenMetrics text by its type", async () => {
    const at = GRID + 120.5;
    const text = `# TYPE om counter\nom_total{a="x"} 3 ${at} # {trace_id="1"} 1\n# EOF\n`;
    const r = await backFill(text, "", "application/openmetrics-text; version=1.0.0");
    expect(await r.json()).toMatchObject({ accepted: 1, exemplars_left_out: 1 });
    expect(await values("om_total", at + 1)).toEqual(["3"]);
  });

  it.each([
    ['{__name__="a"} 1', /no timestamp/],
    ['{__name__="a"} 1 17.5', /milliseconds/],
    ['{__name__="a" 1 17', /neither , nor \}/],
    ['{job="a"} 1 17', /no metric name/],
    ['{__name__="a", __name__="b"} 1 17', /twice/],
    ['{__name__="a"} {count:1, sum:2} 17', /native histogram/],
    ['{__name__="a\\q"} 1 17', /unknown escape/],
    ["nonsense", /no value/],
  ])("ends at %s with its line", async (line, why) => {
    const r = await backFill(`# a comment\n\n${line}\n`, "?first_line=101");
    const body = (await r.json()) as { code: string; detail: string; where: string };
    expect([r.status, body.code, body.where]).toEqual([400, "dump_malformed", "line 103"]);
    expect(body.detail).toMatch(why);
  });
});

describe("deleting series", () => {
  it("takes Prometheus' parameters and answers as it does", async () => {
    const at = GRID + 3_600;
    await backFill(
      `{__name__="doomed", n="1"} 1 ${at * 1000}\n{__name__="doomed", n="2"} 2 ${at * 1000}\n`,
    );
    const body = new URLSearchParams({
      "match[]": 'doomed{n="1"}',
      start: String(at),
      end: String(at),
    });
    const r = await call("POST", "/api/v1/admin/tsdb/delete_series", {
      body: body.toString(),
      type: "application/x-www-form-urlencoded",
    });
    expect([r.status, await r.text()]).toEqual([204, ""]);
    expect(await values("doomed", at)).toEqual(["2"]);
    expect((await call("PUT", "/api/v1/admin/tsdb/clean_tombstones")).status).toBe(204);
    expect(await values("doomed", at)).toEqual(["2"]);
  });

  it.each([
    ["delete_series", 400, /no match\[\] parameter provided/],
    ["delete_series?match[]={", 400, /match\[\]/],
    ["delete_series?match[]=up&start=x", 400, /Invalid time value for 'start'/],
    ["delete_series?match[]=up&start=2&end=1", 400, /end timestamp must not be before/],
    ["snapshot", 422, /snapshot is not supported/],
  ])("refuses %s by name", async (path, status, why) => {
    const r = await call("POST", `/api/v1/admin/tsdb/${path}`);
    expect([r.status, ((await r.json()) as { error: string }).error]).toEqual([
      status,
      expect.stringMatching(why),
    ]);
  });
});

describe("retention of a project", () => {
  it("downsamples and deletes by its own periods", async () => {
    expect(await (await call("GET", "/config/v1/retention")).json()).toMatchObject({
      metrics: 395,
      metrics_raw: 15,
    });
    const wrong = await call("PUT", "/config/v1/retention", {
      body: '{"metrics": 0}',
      type: "application/json",
    });
    expect(await wrong.json()).toMatchObject({ code: "retention_invalid", where: "/metrics" });
    const rows = Array.from(
      { length: 40 },
      (_, i) => `{__name__="aging"} ${i} ${(GRID + 20 * DAY_S + 15 * i) * 1000}`,
    );
    expect((await backFill(rows.join("\n"))).status).toBe(200);
    expect((await backFill(`{__name__="gone"} 1 ${GRID * 1000}`)).status).toBe(200);
    const put = await call("PUT", "/config/v1/retention", {
      body: '{"metrics": 20, "metrics_raw": 5}',
      type: "application/json",
    });
    expect(put.status).toBe(200);
    expect((await call("POST", "/api/v1/jobs/retention/run")).status).toBe(200);
    expect(await values("gone", GRID)).toEqual([]);
    const end = GRID + 20 * DAY_S + 600;
    // Of the samples as they came those are left that a rate over five minutes needs, in the background.
    await expect.poll(() => values("quantile_over_time(0, aging[10m])", end)).toEqual(["10"]);
    expect(await values("min_over_time(aging[10m])", end)).toEqual(["1"]);
    expect(await values("count_over_time(aging[10m])", end)).toEqual(["39"]);
    expect(await values("sum_over_time(aging[10m])", end)).toEqual(["780"]);
    expect(await values("max_over_time(aging[10m])", end)).toEqual(["39"]);
    expect(await values("aging", end)).toEqual(["39"]);
  });
});
