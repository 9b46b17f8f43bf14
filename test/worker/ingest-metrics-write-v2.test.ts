import { describe, expect, it } from "vitest";
import { STALE_BYTES } from "../../src/core/stale";
import { encodeSnappy } from "../ingest/remote-write/encode";
import { type SeriesV2, encodeRequestV2 } from "../ingest/remote-write/encode-v2";
import { metadata, post, stored } from "./ingest-metrics-client";

const now = Date.now();
const write = (series: readonly SeriesV2[]): Promise<Response> => send(encodeRequestV2(series));
const send = (body: Uint8Array): Promise<Response> =>
  post("/api/v1/write", encodeSnappy(body), {
    "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "2.0.0",
  });
const told = (r: Response): (string | null)[] =>
  ["samples", "histograms", "exemplars"].map((kind) =>
    r.headers.get(`x-prometheus-remote-write-${kind}-written`),
  );

describe("remote write 2.0", () => {
  it("stores samples, histograms, exemplars and metadata, and tells how many; a repeat is told the same", async () => {
    const body: SeriesV2[] = [
      {
        labels: [
          ["__name__", "w2_total"],
          ["job", "api"],
        ],
        samples: [
          [now - 1000, 1],
          [now, 2],
        ],
        exemplars: [{ labels: [["trace_id", "abc"]], value: 1, timeMs: now }],
        metadata: { type: 1, help: "Things.", unit: "" },
      },
      {
        labels: [["__name__", "w2_h"]],
        histograms: [
          {
            timeMs: now - 1000,
            schema: 0,
            count: 3,
            sum: 4,
            positiveSpans: [[0, 2]],
            positive: [1, 1],
          },
          { timeMs: now, schema: 0, count: 0, sum: STALE_BYTES },
        ],
        metadata: { type: 3, help: "Sizes." },
      },
    ];
    for (let i = 0; i < 2; i++) {
      const r = await write(body);
      expect([r.status, await r.text(), ...told(r)]).toEqual([204, "", "2", "2", "1"]);
    }
    expect(await stored("w2_total")).toEqual([
      `w2_total{job="api"} ${now - 1000} 1`,
      `w2_total{job="api"} ${now} 2`,
    ]);
    expect((await stored("w2_h")).at(-1)).toBe(`w2_h ${now} stale`);
    expect(await metadata("w2_h")).toEqual([
      { name: "w2_h", type: "histogram", help: "Sizes.", unit: "" },
    ]);
  });

  it("stores what is valid, and tells in numbers and words what was not", async () => {
    const r = await write([
      { labels: [["__name__", "w2_mixed"]], samples: [[now, 1]] },
      {
        labels: [
          ["__name__", "w2_mixed"],
          ["when", "1970"],
        ],
        samples: [[0, 1]],
      },
      {
        labels: [
          ["__name__", "w2_mixed"],
          ["when", "2100"],
        ],
        samples: [[Date.UTC(2100, 0), 1]],
      },
      { labels: [["job", "api"]], samples: [[now, 1]] },
    ]);
    expect([r.status, ...told(r)]).toEqual([400, "1", "0", "0"]);
    const text = await r.text();
    expect(text).toMatch(/^3 samples rejected/);
    expect(text).toMatch(/1 too_old \(too old sample/);
    expect(text).toMatch(/1 too_far_in_future \(out of bounds/);
    expect(text).toMatch(/1 invalid_labels .*no metric name in \{job="api"\}/);
    expect(await stored("w2_mixed")).toEqual([`w2_mixed ${now} 1`]);
  });

  it("tells that nothing was written of a body that it cannot read", async () => {
    const r = await send(Uint8Array.from([0x22, 1, 97]));
    expect([r.status, ...told(r)]).toEqual([400, "0", "0", "0"]);
    expect(await r.text()).toMatch(
      /not a io\.prometheus\.write\.v2\.Request: the first symbol must be the empty string/,
    );
  });
});
