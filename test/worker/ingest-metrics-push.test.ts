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

  it("wants a token", async () => {
    expect((await send("/metrics/job/a", { method: "PUT", body: "a 1" })).status).toBe(401);
  });
});
