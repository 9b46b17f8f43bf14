import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { STALE_BYTES } from "../../src/core/stale";
import {
  EXPOSITION_BODY_LIMIT,
  NATIVE_BODY_LIMIT,
  OTLP_BODY_LIMIT,
  REMOTE_WRITE_BODY_LIMIT,
} from "../../src/ingest/body/limits";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { gzip, metadata, post, send, stored, values } from "./ingest-metrics-client";

const now = Date.now();
const PROTO = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const write = (body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  post("/api/v1/write", encodeSnappy(body), {
    ...PROTO,
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
    ...headers,
  });

describe("remote write", () => {
  it("stores samples, stale markers and metadata, and answers 204", async () => {
    const body = encodeWriteRequest(
      [
        {
          labels: [
            ["__name__", "rw_up"],
            ["job", "api"],
          ],
          samples: [
            [now - 2000, 1],
            [now - 1000, 0.5],
            [now, STALE_BYTES],
          ],
        },
      ],
      [{ type: 2, name: "rw_up", help: "Is it up?", unit: "" }],
    );
    const r = await write(body);
    expect([r.status, await r.text()]).toEqual([204, ""]);
    expect(await stored("rw_up")).toEqual([
      `rw_up{job="api"} ${now - 2000} 1`,
      `rw_up{job="api"} ${now - 1000} 0.5`,
      `rw_up{job="api"} ${now} stale`,
    ]);
    expect(await metadata("rw_up")).toEqual([
      { name: "rw_up", type: "gauge", help: "Is it up?", unit: "" },
    ]);
    // Sent again after a lost answer: counted once.
    expect((await write(body)).status).toBe(204);
    expect(await stored("rw_up")).toHaveLength(3);
  });

  it("stores what is valid and answers 400 with the counts of what is not", async () => {
    const r = await write(
      encodeWriteRequest([
        {
          labels: [["__name__", "rw_mixed"]],
          samples: [
            [now, 1],
            [now - 86_400_000, 2],
            [now + 3_600_000, 3],
          ],
        },
        {
          labels: [
            ["__name__", "rw_mixed"],
            ["a", "1"],
            ["a", "2"],
          ],
          samples: [[now, 4]],
        },
        { labels: [["__name__", "rw_mixed"]], samples: [[now, 5]] },
      ]),
    );
    expect(r.status).toBe(400);
    const text = await r.text();
    expect(text).toMatch(/^4 samples rejected/);
    for (const reason of [
      "1 invalid_labels",
      "1 too_old",
      "1 too_far_in_future",
      "1 duplicate_timestamp",
    ])
      expect(text).toContain(reason);
    expect(await values("rw_mixed")).toEqual(["rw_mixed 1"]);
  });

  it.each([
    ["another content type", { "content-type": "application/json" }, 415, /content type/],
    [
      "another message",
      { "content-type": "application/x-protobuf;proto=io.prometheus.write.v3.Request" },
      415,
      /expected prometheus\.WriteRequest or io\.prometheus\.write\.v2\.Request/,
    ],
    ["another encoding", { "content-encoding": "zstd" }, 415, /content encoding "zstd"/],
  ])("refuses %s", async (_, headers, status, text) => {
    const r = await write(encodeWriteRequest([]), headers);
    expect(r.status).toBe(status);
    expect(await r.text()).toMatch(text);
  });

  it.each([
    ["broken snappy", Uint8Array.from([5, 4 << 2, 1]), 400, /snappy.*byte 1/],
    [
      "a declared size over the limit",
      Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0, 1]),
      413,
      new RegExp(`limit of ${REMOTE_WRITE_BODY_LIMIT}`),
    ],
    ["broken protobuf", encodeSnappy(Uint8Array.from([0x0a, 9, 1])), 400, /byte 1/],
  ])("refuses %s", async (_, body, status, text) => {
    const r = await post("/api/v1/write", body, { ...PROTO, "content-encoding": "snappy" });
    expect(r.status).toBe(status);
    expect(await r.text()).toMatch(text);
  });

  it("wants a token that may write", async () => {
    const body = encodeSnappy(encodeWriteRequest([]));
    expect((await send("/api/v1/write", { method: "POST", body, headers: PROTO })).status).toBe(
      401,
    );
    expect(
      (await post("/api/v1/write", body, { ...PROTO, authorization: "Bearer nobody" })).status,
    ).toBe(401);
    expect(
      (await post("/api/v1/write", body, { ...PROTO, authorization: "Bearer vdt_read_local" }))
        .status,
    ).toBe(403);
    expect(
      (
        await post("/api/v1/write", body, {
          ...PROTO,
          authorization: `Basic ${btoa("any:vdt_ingest_local")}`,
        })
      ).status,
    ).toBe(204);
  });
});

describe("exposition import", () => {
  it("stores samples with their own time or the time of arrival", async () => {
    const r = await post(
      "/api/v1/import/prometheus",
      `# TYPE im_a counter\nim_a{x="1"} 7 ${now}\nim_b 2`,
    );
    expect(r.status).toBe(204);
    expect(await stored("im_a")).toEqual([`im_a{x="1"} ${now} 7`]);
    expect(await values("im_b")).toEqual(["im_b 2"]);
    expect(await metadata("im_a")).toMatchObject([{ type: "counter" }]);
  });

  it("adds the labels and the time of the address", async () => {
    const path = `/api/v1/import/prometheus?extra_label=job=a%3Db&extra_label=env=eu&timestamp=${now - 500}`;
    expect((await post(path, `im_extra{job="own"} 1\nim_extra 2 ${now}`)).status).toBe(204);
    expect(await stored("im_extra")).toEqual([
      `im_extra{env="eu", job="a=b"} ${now - 500} 1`,
      `im_extra{env="eu", job="a=b"} ${now} 2`,
    ]);
    for (const bad of ["extra_label=job", "extra_label=__name__=x", "timestamp=now"]) {
      const r = await post(`/api/v1/import/prometheus?${bad}`, "im_extra 3");
      expect([r.status, await r.json()]).toMatchObject([400, { code: "parameter_malformed" }]);
    }
  });

  it("undoes gzip", async () => {
    expect(
      (
        await post("/api/v1/import/prometheus", await gzip("im_gz 1\n"), {
          "content-encoding": "gzip",
        })
      ).status,
    ).toBe(204);
    expect(await values("im_gz")).toEqual(["im_gz 1"]);
  });

  it("stores nothing of a body that does not parse, and says where", async () => {
    const r = await post("/api/v1/import/prometheus", "im_c 1\nim_d{ 2\n", {
      "content-type": "text/plain",
    });
    expect(r.status).toBe(400);
    expect(r.headers.get("content-type")).toBe("application/problem+json");
    expect(await r.json()).toMatchObject({ code: "exposition_malformed", where: "2:7" });
    expect(await values("im_c")).toEqual([]);
  });

  it("tells samples that were refused", async () => {
    const r = await post("/api/v1/import/prometheus", `im_old 1 1000\nim_new 1\n`);
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({
      code: "samples_rejected",
      detail: expect.stringMatching(/1 too_old.*1 accepted/) as string,
    });
    expect(await values("im_new")).toEqual(["im_new 1"]);
  });

  it("bounds what gzip unfolds to", async () => {
    const bomb = await gzip(new Uint8Array(EXPOSITION_BODY_LIMIT * 4));
    expect(bomb.length).toBeLessThan(EXPOSITION_BODY_LIMIT / 100);
    const r = await post("/api/v1/import/prometheus", bomb, { "content-encoding": "gzip" });
    expect(r.status).toBe(413);
    expect(await r.json()).toMatchObject({
      code: "body_too_large",
      limit: { value: EXPOSITION_BODY_LIMIT },
    });
  });

  it.each([
    [
      "broken gzip",
      new TextEncoder().encode("no gzip"),
      { "content-encoding": "gzip" },
      400,
      "body_malformed_encoding",
    ],
    ["bytes that are no text", Uint8Array.from([0x61, 0xff]), {}, 400, "body_malformed_encoding"],
    [
      "another content type",
      "a 1",
      { "content-type": "application/json" },
      415,
      "body_unsupported_content_type",
    ],
    ["another encoding", "a 1", { "content-encoding": "br" }, 415, "body_unsupported_encoding"],
  ])("refuses %s", async (_, body, headers, status, code) => {
    const r = await post("/api/v1/import/prometheus", body, headers as Record<string, string>);
    expect(r.status).toBe(status);
    expect(await r.json()).toMatchObject({ code });
  });
});

describe("OTLP", () => {
  const NANO = `${now}000000`;
  const request = (name: string, sum: object): string =>
    JSON.stringify({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "shop" } },
              { key: "host.name", value: { stringValue: "h1" } },
            ],
          },
          scopeMetrics: [{ metrics: [{ name, unit: "1", sum }] }],
        },
      ],
    });
  const cumulative = (value: number): object => ({
    aggregationTemporality: 2,
    isMonotonic: true,
    dataPoints: [{ timeUnixNano: NANO, asInt: String(value) }],
  });

  it.each(["/v1/metrics", "/api/v1/otlp/v1/metrics"])("takes JSON at %s", async (path) => {
    const name = `otlp${path.replaceAll("/", ".")}`;
    const r = await post(path, request(name, cumulative(3)), JSON_TYPE);
    expect([r.status, r.headers.get("content-type"), await r.text()]).toEqual([
      200,
      "application/json",
      "{}",
    ]);
    expect(await stored(`${name.replaceAll(".", "_")}_total`)).toEqual([
      `${name.replaceAll(".", "_")}_total{job="shop"} ${now} 3`,
    ]);
    expect(await values("target_info", { host_name: "h1" })).toEqual([
      'target_info{host_name="h1", job="shop"} 1',
    ]);
  });

  it("counts a delta once, however often it is sent", async () => {
    const delta = request("otlp.delta", {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [{ timeUnixNano: NANO, asInt: "5" }],
    });
    for (let i = 0; i < 3; i++)
      expect((await post("/v1/metrics", delta, JSON_TYPE)).status).toBe(200);
    expect((await values("otlp_delta_total")).at(-1)).toBe('otlp_delta_total{job="shop"} 5');
    const keyed = { ...JSON_TYPE, "idempotency-key": "batch-7" };
    const more = request("otlp.delta", {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [{ timeUnixNano: `${now + 1000}000000`, asInt: "2" }],
    });
    for (let i = 0; i < 2; i++) expect((await post("/v1/metrics", more, keyed)).status).toBe(200);
    expect((await values("otlp_delta_total")).some((v) => v.endsWith(" 9"))).toBe(false);
  });

  it("tells a partial success in the request's encoding", async () => {
    const r = await post(
      "/v1/metrics",
      request("otlp.old", {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          { timeUnixNano: "1000000000", asInt: "1" },
          { timeUnixNano: NANO, asInt: "2" },
        ],
      }),
      JSON_TYPE,
    );
    expect(r.status).toBe(200);
    // target_info is of the newest time, so that it is taken.
    expect(await r.json()).toMatchObject({
      partialSuccess: {
        rejectedDataPoints: "1",
        errorMessage: expect.stringMatching(/1 too_old/) as string,
      },
    });
    expect(await values("otlp_old_total")).toEqual(['otlp_old_total{job="shop"} 2']);
  });

  it("answers an empty protobuf request with an empty response", async () => {
    const r = await post("/v1/metrics", new Uint8Array(), PROTO);
    expect([r.status, r.headers.get("content-type"), (await r.arrayBuffer()).byteLength]).toEqual([
      200,
      "application/x-protobuf",
      0,
    ]);
  });

  it("bounds what gzip unfolds to", async () => {
    const r = await post("/v1/metrics", await gzip(new Uint8Array(OTLP_BODY_LIMIT + 1)), {
      ...JSON_TYPE,
      "content-encoding": "gzip",
    });
    expect(r.status).toBe(413);
    expect(await r.json()).toMatchObject({
      code: 8,
      message: expect.stringContaining(String(OTLP_BODY_LIMIT)) as string,
    });
  });

  it.each([
    ["broken JSON", "{", JSON_TYPE, 400, /JSON/],
    [
      "a wrong field",
      '{"resourceMetrics":[{"scopeMetrics":{}}]}',
      JSON_TYPE,
      400,
      /\$\.resourceMetrics\[0\]\.scopeMetrics/,
    ],
    ["another encoding", "{}", { ...JSON_TYPE, "content-encoding": "br" }, 415, /br/],
  ])("refuses %s with a Status", async (_, body, headers, status, text) => {
    const r = await post("/v1/metrics", body, headers);
    expect(r.status).toBe(status);
    expect(((await r.json()) as { message: string }).message).toMatch(text);
  });

  it("refuses broken protobuf with a Status in protobuf, and where it broke", async () => {
    const r = await post("/v1/metrics", Uint8Array.from([0x0a, 0x05, 0x01]), PROTO);
    expect(r.status).toBe(400);
    const reader = new BinaryReader(new Uint8Array(await r.arrayBuffer()));
    expect([reader.tag()[0], reader.int32()]).toEqual([1, 3]);
    expect([reader.tag()[0], reader.string()]).toEqual([2, expect.stringMatching(/byte \d/)]);
  });

  it("refuses text that is not UTF-8", async () => {
    // resource_metrics, scope_metrics, metrics, name: one byte that begins nothing.
    const body = Uint8Array.from([0x0a, 7, 0x12, 5, 0x12, 3, 0x0a, 1, 0xff]);
    const r = await post("/v1/metrics", body, PROTO);
    expect(r.status).toBe(400);
    expect(new TextDecoder().decode(await r.arrayBuffer())).toMatch(/byte \d/);
  });

  it("refuses a wrong token with a Status", async () => {
    const r = await send("/v1/metrics", { method: "POST", body: "{}", headers: JSON_TYPE });
    expect(r.status).toBe(401);
    expect(await r.json()).toMatchObject({ code: 16 });
  });
});

describe("native metrics", () => {
  it("takes a sender that can set no Authorization header", async () => {
    const metric = {
      name: "api.requests",
      value: 41,
      timestamp: now,
      tags: { endpoint: "/api/dashboard", method: "GET" },
      type: "counter",
    };
    const r = await send("/api/v1/ingest/metrics?token=vdt_ingest_local", {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify(metric),
    });
    expect([r.status, await r.json()]).toEqual([200, { accepted: 1 }]);
    expect(await stored("api_requests_total")).toEqual([
      `api_requests_total{endpoint="/api/dashboard", method="GET"} ${now} 41`,
    ]);
  });

  it("counts increments and observations", async () => {
    const body = JSON.stringify([
      { name: "orders", value: 2, type: "counter", delta: true },
      { name: "checkout.duration.ms", value: 120, type: "histogram" },
    ]);
    const keyed = { ...JSON_TYPE, "idempotency-key": "checkout-1" };
    for (let i = 0; i < 2; i++)
      expect((await post("/api/v1/ingest/metrics", body, keyed)).status).toBe(200);
    expect((await values("orders_total")).at(-1)).toBe("orders_total 2");
    expect((await values("checkout_duration_ms_count")).at(-1)).toBe(
      "checkout_duration_ms_count 1",
    );
    expect((await values("checkout_duration_ms_bucket", { le: "100" })).at(-1)).toMatch(/ 0$/);
    expect((await values("checkout_duration_ms_bucket", { le: "250" })).at(-1)).toMatch(/ 1$/);
  });

  it.each([
    ["broken JSON", "{", JSON_TYPE, 400, { code: "body_malformed_json" }],
    [
      "a wrong field",
      '[{"name":"a","value":1},{"name":"b","value":"2"}]',
      JSON_TYPE,
      400,
      { code: "metric_malformed", where: "/1/value" },
    ],
    [
      "another content type",
      "a,1",
      { "content-type": "text/csv" },
      415,
      { code: "body_unsupported_content_type" },
    ],
    [
      "a body over the limit",
      " ".repeat(NATIVE_BODY_LIMIT + 1),
      JSON_TYPE,
      413,
      { code: "body_too_large", limit: { value: NATIVE_BODY_LIMIT } },
    ],
    [
      "a sample of long ago",
      '{"name":"old","value":1,"timestamp":"2001-01-01T00:00:00Z"}',
      JSON_TYPE,
      400,
      { code: "samples_rejected" },
    ],
  ])("refuses %s", async (_, body, headers, status, problem) => {
    const r = await post("/api/v1/ingest/metrics", body, headers);
    expect(r.status).toBe(status);
    expect(r.headers.get("content-type")).toBe("application/problem+json");
    expect(await r.json()).toMatchObject(problem);
  });
});
