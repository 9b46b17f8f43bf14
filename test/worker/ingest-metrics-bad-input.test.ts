import { describe, expect, it } from "vitest";
import { LABEL_SET_LIMIT_BYTES } from "../../src/ingest/remote-write/decode";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { type SeriesV2, encodeRequestV2 } from "../ingest/remote-write/encode-v2";
import { post, stored, values } from "./ingest-metrics-client";

const now = Date.now();
type Labels = readonly (readonly [string, string])[];

/** One sample by each way that takes samples with times. */
const WAYS: Readonly<
  Record<string, (labels: Labels, value: number, timeMs: number) => Promise<Response>>
> = {
  "remote write 1.0": (labels, value, timeMs) =>
    post(
      "/api/v1/write",
      encodeSnappy(encodeWriteRequest([{ labels, samples: [[timeMs, value]] }])),
      { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
    ),
  "remote write 2.0": (labels, value, timeMs) => writeV2([{ labels, samples: [[timeMs, value]] }]),
  exposition: (labels, value, timeMs) => {
    const name = labels.find(([n]) => n === "__name__")?.[1] ?? "";
    const rest = labels
      .filter(([n]) => n !== "__name__")
      .map(([n, v]) => `${JSON.stringify(n)}=${JSON.stringify(v)}`);
    return post("/api/v1/import/prometheus", `${name}{${rest.join(",")}} ${value} ${timeMs}\n`);
  },
  OTLP: (labels, value, timeMs) =>
    post(
      "/v1/metrics",
      JSON.stringify({
        resourceMetrics: [
          {
            scopeMetrics: [
              {
                metrics: [
                  {
                    name: labels.find(([n]) => n === "__name__")?.[1] ?? "",
                    gauge: {
                      dataPoints: [
                        {
                          timeUnixNano: `${BigInt(timeMs) * 1_000_000n}`,
                          asDouble: Number.isFinite(value) ? value : String(value),
                          attributes: labels
                            .filter(([n]) => n !== "__name__")
                            .map(([key, stringValue]) => ({ key, value: { stringValue } })),
                        },
                      ],
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
      { "content-type": "application/json" },
    ),
};

function writeV2(series: readonly SeriesV2[]): Promise<Response> {
  return post("/api/v1/write", encodeSnappy(encodeRequestV2(series)), {
    "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "content-encoding": "snappy",
  });
}

/** OTLP tells what it refuses in a 200. */
const refusal = (way: string): number => (way === "OTLP" ? 200 : 400);

describe.each(Object.keys(WAYS))("by %s", (way) => {
  const send = WAYS[way] as (typeof WAYS)[string];
  const metric = (what: string): string => `bad_${way.replaceAll(/\W/g, "_")}_${what}`;

  it.each([
    ["NaN", Number.NaN],
    ["Infinity", Infinity],
    ["-Infinity", -Infinity],
  ])("%s is a value", async (text, value) => {
    const name = metric(`special_${Object.keys(WAYS).length}${text.replace("-", "minus")}`);
    expect((await send([["__name__", name]], value, now)).status).toBeLessThan(300);
    expect(await values(name)).toEqual([`${name} ${text}`]);
  });

  it.each([
    ["1970", 1, "too_old"],
    ["2100", Date.UTC(2100, 0), "too_far_in_future"],
  ])("a time in %s is refused by name", async (year, time, reason) => {
    const name = metric(`year_${year}`);
    const r = await send([["__name__", name]], 1, time);
    expect(r.status).toBe(refusal(way));
    expect(await r.text()).toContain(reason);
    expect(await stored(name)).toEqual([]);
  });

  it("a label value of 1 MB is refused, with the limit", async () => {
    const name = metric("long");
    const r = await send(
      [
        ["__name__", name],
        ["l", "x".repeat(1 << 20)],
      ],
      1,
      now,
    );
    expect(r.status).toBe(refusal(way));
    const text = await r.text();
    expect(text).toContain("invalid_labels");
    // Remote write is stopped before its labels are copied, the others where they would be kept.
    expect(text).toMatch(new RegExp(`limit is ${LABEL_SET_LIMIT_BYTES}|at most 65536 are kept`));
    expect(await stored(name)).toEqual([]);
  });

  it("labels out of order are sorted, empty ones dropped", async () => {
    const name = metric("sorted");
    await send(
      [
        ["z", "1"],
        ["__name__", name],
        ["empty", ""],
        ["a", "2"],
      ],
      1,
      now,
    );
    expect(await values(name)).toEqual([`${name}{a="2", z="1"} 1`]);
  });
});

it("floats and histograms may stand in one series", async () => {
  const labels = [["__name__", "bad_mixed"]] as const;
  const r = await writeV2([
    {
      labels,
      samples: [[now - 2000, 1]],
      histograms: [
        { timeMs: now - 1000, schema: 0, count: 1, sum: 1, positiveSpans: [[0, 1]], positive: [1] },
      ],
    },
    { labels, samples: [[now, 2]] },
  ]);
  expect(r.status).toBe(204);
  expect((await values("bad_mixed")).filter((v) => !v.endsWith("NaN"))).toEqual([
    "bad_mixed 1",
    "bad_mixed 2",
  ]);
});
