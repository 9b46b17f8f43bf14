import { env } from "cloudflare:workers";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { makeApp } from "../../src/app";
import { compose } from "../../src/compose";
import { type AppendResult, ShardUnavailableError } from "../../src/core/metric-store";
import type { Deps } from "../../src/http/deps";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { encodeRequestV2 } from "../ingest/remote-write/encode-v2";
import { INGEST } from "./ingest-metrics-client";

const JSON_TYPE = { "content-type": "application/json" };
const WRITE = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
const now = Date.now();
const writeBody = encodeSnappy(
  encodeWriteRequest([{ labels: [["__name__", "x"]], samples: [[now, 1]] }]),
);
const WRITE_V2 = {
  ...WRITE,
  "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
};
const writeBodyV2 = encodeSnappy(
  encodeRequestV2([{ labels: [["__name__", "x"]], samples: [[now, 1]] }]),
);
const otlpBody = JSON.stringify({
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [
            { name: "x", gauge: { dataPoints: [{ timeUnixNano: `${now}000000`, asInt: 1 }] } },
          ],
        },
      ],
    },
  ],
});

/** The whole app, over a metric store that behaves as told. */
async function ask(
  append: () => Promise<AppendResult>,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: BodyInit,
): Promise<Response> {
  const real = compose(env, (work) => void work);
  const deps: Deps = { ...real, metrics: (projectId) => ({ ...real.metrics(projectId), append }) };
  return await makeApp().request(
    `http://vedette.test${path}`,
    { method, headers: { ...INGEST, ...headers }, body },
    deps,
  );
}

const WAYS: readonly (readonly [string, string, Record<string, string>, BodyInit])[] = [
  ["POST", "/api/v1/write", WRITE, writeBody],
  ["POST", "/api/v1/write", WRITE_V2, writeBodyV2],
  ["POST", "/v1/metrics", JSON_TYPE, otlpBody],
  ["POST", "/api/v1/import/prometheus", {}, "x 1"],
  ["POST", "/api/v1/ingest/metrics", JSON_TYPE, '{"name":"x","value":1}'],
  ["PUT", "/metrics/job/outage", {}, "x 1"],
];

describe("a shard that does not answer", () => {
  it.each(WAYS)("%s %s answers 503 with Retry-After", async (method, path, headers, body) => {
    const r = await ask(
      () => Promise.reject(new ShardUnavailableError("metric shard 0 did not answer")),
      method,
      path,
      headers,
      body,
    );
    expect(r.status).toBe(503);
    expect(Number(r.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await r.text()).toContain("metric shard 0 did not answer");
  });

  it("is told to OTLP in protobuf where that was sent", async () => {
    const w = new BinaryWriter();
    // resource_metrics, scope_metrics, metrics: a gauge with one point.
    w.tag(1, WireType.LengthDelimited).fork();
    w.tag(2, WireType.LengthDelimited).fork();
    w.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("x");
    w.tag(5, WireType.LengthDelimited).fork();
    w.tag(1, WireType.LengthDelimited).fork().tag(4, WireType.Bit64).double(1);
    w.join().join().join().join().join();
    const r = await ask(
      () => Promise.reject(new ShardUnavailableError("away")),
      "POST",
      "/v1/metrics",
      { "content-type": "application/x-protobuf" },
      w.finish(),
    );
    const reader = new BinaryReader(new Uint8Array(await r.arrayBuffer()));
    expect([r.status, r.headers.get("content-type")]).toEqual([503, "application/x-protobuf"]);
    expect([reader.tag()[0], reader.int32()]).toEqual([1, 14]);
  });
});

describe("a cardinality budget that is used up", () => {
  const full = (): Promise<AppendResult> =>
    Promise.resolve({
      accepted: 0,
      duplicates: 0,
      rejected: [{ reason: "series_limit", count: 1, example: "x; limit 1000000" }],
    });

  it.each(WAYS)("%s %s answers 429 and names the limit", async (method, path, headers, body) => {
    const r = await ask(full, method, path, headers, body);
    expect(r.status).toBe(429);
    expect(await r.text()).toContain("series_limit");
  });

  it("is a partial success in OTLP where other points of the request were taken", async () => {
    const r = await ask(
      async () => ({ ...(await full()), accepted: 1 }),
      "POST",
      "/v1/metrics",
      JSON_TYPE,
      otlpBody,
    );
    expect(r.status).toBe(200);
    expect(await r.json()).toMatchObject({
      partialSuccess: {
        rejectedDataPoints: "1",
        errorMessage: expect.stringContaining("series_limit") as string,
      },
    });
  });
});
