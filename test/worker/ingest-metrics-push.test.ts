import { describe, expect, it } from "vitest";
import { encodeFamilies } from "../ingest/exposition/encode-protobuf";
import { INGEST, post, send, stored, values } from "./ingest-metrics-client";

const push = (method: string, path: string, body?: string): Promise<Response> =>
  send(path, { method, headers: INGEST, ...(body === undefined ? {} : { body }) });

describe("the Pushgateway API", () => {
  it("PUT, POST and DELETE", async () => {
    const path = "/metrics/job/nightly/instance@base64/YS9i";
    const put = await push("PUT", path, "# TYPE pg_records gauge\npg_records 5\npg_gone 1");
    expect([put.status, await put.text()]).toEqual([200, ""]);
    expect(await values("pg_records")).toEqual(['pg_records{instance="a/b", job="nightly"} 5']);
    expect(await values("push_time_seconds", { job: "nightly" })).toHaveLength(1);

    expect((await push("PUT", path, "pg_records 6\n")).status).toBe(200);
    expect((await stored("pg_gone")).at(-1)).toMatch(/ stale$/);
    expect((await stored("pg_records")).at(-1)).toMatch(/ 6$/);

    expect((await push("POST", path, "pg_added 1\n")).status).toBe(200);
    expect((await stored("pg_records")).at(-1)).toMatch(/ 6$/);

    const deleted = await push("DELETE", path);
    expect([deleted.status, await deleted.text()]).toEqual([202, ""]);
    for (const metric of ["pg_records", "pg_added"])
      expect((await stored(metric)).at(-1)).toMatch(/ stale$/);
    expect((await push("DELETE", path)).status).toBe(202);
  });

  it("keeps groups apart", async () => {
    await push("PUT", "/metrics/job/one", "pg_apart 1");
    await push("PUT", "/metrics/job/two", "pg_apart 2");
    await push("DELETE", "/metrics/job/one");
    expect((await stored("pg_apart", { job: "two" })).some((r) => r.endsWith("stale"))).toBe(false);
  });

  it("repeats what was pushed, so that it does not go stale, and not what was deleted", async () => {
    await push("PUT", "/metrics/job/kept", "pg_kept 3");
    await push("PUT", "/metrics/job/dropped", "pg_dropped 3");
    await push("DELETE", "/metrics/job/dropped");
    const before = (await stored("pg_kept")).length;
    const r = await send("/api/v1/jobs/repeat-push-groups/run", {
      method: "POST",
      headers: { authorization: "Bearer vdt_admin_local" },
    });
    expect(r.status).toBe(200);
    expect((await values("pg_kept")).slice(before)).toEqual(['pg_kept{job="kept"} 3']);
    expect((await stored("pg_dropped")).at(-1)).toMatch(/ stale$/);
  });

  it("lets pushers to one group through side by side", async () => {
    const done = await Promise.all(
      Array.from({ length: 5 }, (_, i) => push("POST", "/metrics/job/crowd", `pg_crowd_${i} 1`)),
    );
    expect(done.map((r) => r.status)).toEqual([200, 200, 200, 200, 200]);
    await push("PUT", "/metrics/job/crowd", "");
    for (let i = 0; i < 5; i++) expect((await stored(`pg_crowd_${i}`)).at(-1)).toMatch(/ stale$/);
  });

  it.each([
    ["PUT", "/metrics/job/", "a 1", 400, /job name is required/],
    ["PUT", "/metrics/job/a/b", "a 1", 400, /odd number/],
    ["PUT", "/metrics/job/a", "a 1 1700000000000", 400, /timestamps/],
    ["POST", "/metrics/job/a", "a 1\nb{", 400, /line 2, column 3/],
    ["POST", "/metrics/job/a", `a{b="${"x".repeat(1024 * 1024)}"} 1`, 413, /limit of 1048576/],
  ])("%s %s refuses", async (method, path, body, status, text) => {
    const r = await push(method, path, body);
    expect(r.status).toBe(status);
    expect(await r.text()).toMatch(text);
  });

  it("takes the delimited protobuf of Go clients, and no other", async () => {
    const type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily";
    const body = encodeFamilies([
      { name: "pg_proto", type: 1, metrics: [{ labels: [["x", "y"]], value: 2.5 }] },
    ]);
    expect(
      (await post("/metrics/job/go", body, { "content-type": `${type}; encoding=delimited` }))
        .status,
    ).toBe(200);
    expect(await values("pg_proto")).toEqual(['pg_proto{job="go", x="y"} 2.5']);
    expect(
      (await post("/metrics/job/go", body, { "content-type": `${type}; encoding=text` })).status,
    ).toBe(415);
  });

  it("refuses another type than the metric has in another group, and notes the failure", async () => {
    await push("PUT", "/metrics/job/typed", "# TYPE pg_typed counter\npg_typed 1\n");
    const r = await push("PUT", "/metrics/job/other", "# TYPE pg_typed gauge\npg_typed 2\n");
    expect(r.status).toBe(400);
    expect(await r.text()).toMatch(/inconsistent with existing metrics: pg_typed is a counter/);
    expect(await values("pg_typed", { job: "other" })).toEqual([]);
    expect(await values("push_time_seconds", { job: "other" })).toEqual([
      'push_time_seconds{job="other"} 0',
    ]);
    const failed = await values("push_failure_time_seconds", { job: "other" });
    expect(failed[0]).toMatch(/ \d{10}/);
    // A group may change the type of its own metric, and texts of help may differ.
    expect(
      (await push("PUT", "/metrics/job/typed", "# TYPE pg_typed gauge\npg_typed 1\n")).status,
    ).toBe(200);
    expect(
      (
        await push(
          "PUT",
          "/metrics/job/other",
          "# HELP pg_typed Other.\n# TYPE pg_typed gauge\npg_typed 2\n",
        )
      ).status,
    ).toBe(200);
  });

  it("lists the groups, and forgets them all", async () => {
    const body =
      '# HELP pg_h Sizes.\n# TYPE pg_h histogram\npg_h_bucket{le="1"} 1\npg_h_bucket{le="+Inf"} 2\npg_h_sum 3\npg_h_count 2\n';
    await push("PUT", "/metrics/job/listed", body);
    const admin = { authorization: "Bearer vdt_admin_local" };
    const list = async (): Promise<{ labels: Record<string, string> }[]> => {
      const r = await send("/api/v1/metrics", { headers: admin });
      return ((await r.json()) as { data: { labels: Record<string, string> }[] }).data;
    };
    const listed = (await list()).find((g) => g.labels["job"] === "listed");
    expect(listed).toMatchObject({
      last_push_successful: true,
      pg_h: {
        type: "HISTOGRAM",
        help: "Sizes.",
        metrics: [
          { labels: { job: "listed" }, count: "2", sum: "3", buckets: { "1.0": "1", "+Inf": "2" } },
        ],
      },
      push_failure_time_seconds: { metrics: [{ value: "0" }] },
    });
    expect((await send("/api/v1/status", { headers: admin })).status).toBe(200);
    expect((await send("/api/v1/admin/wipe", { method: "PUT", headers: INGEST })).status).toBe(403);
    const wiped = await send("/api/v1/admin/wipe", { method: "PUT", headers: admin });
    expect([wiped.status, await list()]).toEqual([202, []]);
    expect((await stored("pg_h_sum")).at(-1)).toMatch(/ stale$/);
  });

  it("wants a token", async () => {
    expect((await send("/metrics/job/a", { method: "PUT", body: "a 1" })).status).toBe(401);
  });
});
