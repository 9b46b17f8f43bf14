import { describe, expect, it } from "vitest";
import { renderLabels } from "../../../src/core/labels";
import {
  type PushGroup,
  type PushMode,
  batchGroup,
  parsePush,
  pushedGroup,
  repeatGroups,
} from "../../../src/ingest/pushgateway/group";
import { parseGrouping } from "../../../src/ingest/pushgateway/grouping";
import { batchRows } from "../batch-rows";

describe("grouping keys", () => {
  it.each([
    ["job/some_job", '{job="some_job"}'],
    ["job/some_job/", '{job="some_job"}'],
    ["job/some_job/instance/some_instance", '{instance="some_instance", job="some_job"}'],
    [
      "job/titan/name/%CE%A0%CF%81%CE%BF%CE%BC%CE%B7%CE%B8%CE%B5%CF%8D%CF%82",
      '{job="titan", name="Προμηθεύς"}',
    ],
    ["job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C", '{job="titan", name="Προμηθεύς"}'],
    ["job/directory_cleaner/path@base64/L3Zhci90bXA", '{job="directory_cleaner", path="/var/tmp"}'],
    [
      "job/directory_cleaner/path@base64/L3Zhci90bXA=",
      '{job="directory_cleaner", path="/var/tmp"}',
    ],
    ["job@base64/YS9i/instance@base64/=", '{job="a/b"}'],
    ["job/a/instance/", '{job="a"}'],
    ["job/a%2Fb", '{job="a/b"}'],
  ])("%s", (path, want) => {
    const got = parseGrouping(path);
    expect(got.ok ? renderLabels(got.value) : got.error).toBe(want);
  });

  it.each([
    ["job", /odd number/],
    ["job/a/instance", /odd number/],
    ["job/", /job name is required/],
    ["job@base64/=", /job name is required/],
    ["job/a/in-stance/b", /improper label name/],
    ["job/a/__name__/b", /improper label name/],
    ["job/a/x@base64/!!", /not base64/],
    ["job/a/x@base64/_w", /not base64 of UTF-8/],
    ["job/a/x/%FF", /percent-encoded/],
    ["job/a/job/b", /twice/],
    ["instance/a/job/b", /begin with the job/],
  ])("refuses %s", (path, message) => {
    expect(parseGrouping(path)).toMatchObject({
      ok: false,
      error: expect.stringMatching(message) as string,
    });
  });
});

const GROUPING = ["instance", "i1", "job", "batch"];
const T = 1_700_000_000_000;

function push(
  old: PushGroup | undefined,
  mode: PushMode,
  text: string,
  now: number,
): { group: PushGroup; rows: string[] } {
  const families = parsePush({ format: "text", text }, GROUPING);
  if (!families.ok) throw new Error(JSON.stringify(families.error));
  const group = pushedGroup(old, mode, GROUPING, families.value, now);
  return {
    group,
    rows: batchRows(batchGroup(old, group, now)).map((r) =>
      r.replace('instance="i1", job="batch"', "…").replace(` ${now} `, " "),
    ),
  };
}

describe("pushed groups", () => {
  const first = push(
    undefined,
    "replace",
    '# TYPE d histogram\nd_bucket{le="+Inf"} 1\nd_count 1\nd_sum 2\nrecords 5\nlast{job="other",x="y"} NaN',
    T,
  );

  it("labels samples with the grouping key and adds the time of the push", () => {
    expect(first.rows).toEqual([
      'd_bucket{…, le="+Inf"} 1',
      "d_count{…} 1",
      "d_sum{…} 2",
      "records{…} 5",
      'last{…, x="y"} NaN',
      `push_time_seconds{…} ${T / 1000}`,
      "push_failure_time_seconds{…} 0",
    ]);
  });

  it("PUT ends the series that are not pushed again", () => {
    expect(push(first.group, "replace", "records 6", T + 1000).rows).toEqual([
      "records{…} 6",
      `push_time_seconds{…} ${T / 1000 + 1}`,
      "push_failure_time_seconds{…} 0",
      'd_bucket{…, le="+Inf"} stale',
      "d_count{…} stale",
      "d_sum{…} stale",
      'last{…, x="y"} stale',
    ]);
  });

  it("POST replaces the metrics of the same names, whole families of them", () => {
    const { rows, group } = push(
      first.group,
      "merge",
      '# TYPE d histogram\nd_bucket{le="1"} 0\nd_count 2',
      T + 1000,
    );
    expect(rows).toEqual([
      "records{…} 5",
      'last{…, x="y"} NaN',
      'd_bucket{…, le="1.0"} 0',
      "d_count{…} 2",
      `push_time_seconds{…} ${T / 1000 + 1}`,
      "push_failure_time_seconds{…} 0",
      'd_bucket{…, le="+Inf"} stale',
      "d_sum{…} stale",
    ]);
    expect(group.families.map((f) => f.name)).toEqual(["records", "last", "d"]);
  });

  it("DELETE ends them all", () => {
    const rows = batchRows(batchGroup(first.group, undefined, T + 1000));
    expect(rows).toHaveLength(7);
    expect(rows.every((r) => r.endsWith(" stale"))).toBe(true);
  });

  it("survives being kept as JSON, special values included", () => {
    const { group } = push(undefined, "replace", "a NaN\nb +Inf\nc -Inf\nd -0\ne 0.1", T);
    const kept = JSON.parse(JSON.stringify(group)) as PushGroup;
    expect(batchRows(repeatGroups([kept], T)).map((r) => r.split(" ").at(-1))).toEqual([
      "NaN",
      "Infinity",
      "-Infinity",
      "0",
      "0.1",
      String(T / 1000),
      "0",
    ]);
    expect(Object.is(Number(kept.families[3]?.series[0]?.[1]), -0)).toBe(true);
  });

  it("takes an empty body", () => {
    expect(push(undefined, "replace", "", T).rows).toEqual([
      `push_time_seconds{…} ${T / 1000}`,
      "push_failure_time_seconds{…} 0",
    ]);
  });

  it.each([
    ["a 1 1700000000000", { reason: "timestamp", series: "a" }],
    ["a 1\na 2", { reason: "duplicate" }],
    ['a{job="x"} 1\na{job="y"} 2', { reason: "duplicate" }],
    ["a", { reason: "malformed", error: { where: "1:2" } }],
  ])("refuses %j", (text, error) => {
    expect(parsePush({ format: "text", text }, GROUPING)).toMatchObject({ ok: false, error });
  });
});
