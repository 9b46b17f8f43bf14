import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../../src/core/batch";
import { decodeLabels, encodeLabels } from "../../../src/core/label-bytes";
import { STALE_BYTES, bitsOf, isStaleAt } from "../../../src/core/stale";
import {
  type DecodedWrite,
  LABEL_SET_LIMIT_BYTES,
  decodeWriteRequest,
} from "../../../src/ingest/remote-write/decode";
import { batchRows, extraRows } from "../batch-rows";
import { encodeWriteRequest } from "./encode";
import { encodeHistogram } from "./encode-v2";

const T = 1_700_000_000_123;

function decode(bytes: Uint8Array): DecodedWrite {
  const got = decodeWriteRequest(bytes, "");
  if (!got.ok) throw new Error(`${got.error.message} at ${got.error.at}`);
  return got.value;
}

describe("remote write 1.0", () => {
  it("packs labels, times and values", () => {
    const got = decode(
      encodeWriteRequest([
        {
          labels: [
            ["__name__", "up"],
            ["job", "api"],
          ],
          samples: [
            [T, 1],
            [T + 1000, 0],
          ],
        },
        {
          labels: [
            ["__name__", "näh"],
            ["ß", "ü"],
          ],
          samples: [[-5, -2.5]],
        },
      ]),
    );
    expect(got.rejected).toEqual([]);
    expect(got.samples).toBe(3);
    expect(batchRows(got.batch)).toEqual(
      [`up{job="api"} ${T} 1`, `up{job="api"} ${T + 1000} 0`, `näh{"ß"="ü"} -5 -2.5`].map((s) =>
        s.replace("näh{", '{"näh", '),
      ),
    );
  });

  it("reads every time and value exactly", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.double({ noNaN: true }), (time, value) => {
        const view = readBatch(
          decode(encodeWriteRequest([{ labels: [["__name__", "x"]], samples: [[time, value]] }]))
            .batch,
        );
        expect([view.sampleTimes[0], view.sampleValues[0]]).toEqual([time + 0, value]);
      }),
    );
  });

  it("passes canonical label bytes on as they stand", () => {
    const labels = [
      ["Zone", "eu"],
      ["__name__", "x"],
      ["a", "1".repeat(300)],
    ] as const;
    const view = readBatch(decode(encodeWriteRequest([{ labels, samples: [[T, 1]] }])).batch);
    expect(Buffer.from(view.labelBytes)).toEqual(Buffer.from(encodeLabels(labels.flat())));
  });

  it("keeps the bits of a stale marker", () => {
    const view = readBatch(
      decode(
        encodeWriteRequest([
          {
            labels: [["__name__", "x"]],
            samples: [
              [T, STALE_BYTES],
              [T + 1, Number.NaN],
            ],
          },
        ]),
      ).batch,
    );
    const bits = bitsOf(view.sampleValues);
    expect([isStaleAt(bits, 0), isStaleAt(bits, 1)]).toEqual([true, false]);
    expect(view.sampleValues[1]).toBeNaN();
  });

  it("sorts labels that are not, and drops empty ones", () => {
    const view = readBatch(
      decode(
        encodeWriteRequest([
          {
            labels: [
              ["z", "1"],
              ["e", ""],
              ["__name__", "x"],
            ],
            samples: [[T, 1]],
          },
        ]),
      ).batch,
    );
    expect(decodeLabels(view.labelBytes)).toEqual(["__name__", "x", "z", "1"]);
  });

  it.each([
    [
      "a name twice",
      [
        ["__name__", "x"],
        ["a", "1"],
        ["a", "2"],
      ],
      /"a" twice/,
    ],
    ["no metric name", [["a", "1"]], /no metric name/],
    [
      "an empty metric name",
      [
        ["__name__", ""],
        ["a", "1"],
      ],
      /no metric name/,
    ],
    [
      "a label without a name",
      [
        ["", "v"],
        ["__name__", "x"],
      ],
      /without a name/,
    ],
    ["no labels", [], /no metric name/],
    [
      "a label set over the limit",
      [
        ["__name__", "x"],
        ["a", "v".repeat(LABEL_SET_LIMIT_BYTES)],
      ],
      /limit is 32768/,
    ],
  ] as const)("rejects %s and takes the rest", (_, labels, example) => {
    const got = decode(
      encodeWriteRequest([
        {
          labels,
          samples: [
            [T, 1],
            [T + 1, 2],
          ],
        },
        { labels: [["__name__", "good"]], samples: [[T, 3]] },
      ]),
    );
    expect(got.rejected).toMatchObject([
      { reason: "invalid_labels", count: 2, example: expect.stringMatching(example) as string },
    ]);
    expect(batchRows(got.batch)).toEqual([`good ${T} 3`]);
  });

  it("reads metadata", () => {
    const view = readBatch(
      decode(
        encodeWriteRequest(
          [],
          [
            { type: 1, name: "reqs_total", help: "Requests.", unit: "" },
            { type: 99, name: "odd", help: "", unit: "s" },
          ],
        ),
      ).batch,
    );
    expect(view.metadata).toEqual([
      { name: "reqs_total", type: "counter", help: "Requests.", unit: "" },
      { name: "odd", type: "unknown", help: "", unit: "s" },
    ]);
  });

  it("reads native histograms and exemplars", () => {
    const w = new BinaryWriter();
    w.tag(1, WireType.LengthDelimited).fork();
    w.tag(1, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string("__name__")
      .tag(2, WireType.LengthDelimited)
      .string("h")
      .join();
    w.tag(3, WireType.LengthDelimited).fork();
    w.tag(1, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string("trace_id")
      .tag(2, WireType.LengthDelimited)
      .string("abc")
      .join();
    w.tag(2, WireType.Bit64).double(0.5).tag(3, WireType.Varint).int64(T).join();
    for (const h of [
      {
        timeMs: T,
        schema: 1,
        count: 3,
        sum: 4,
        positiveSpans: [[1, 2]] as const,
        positive: [1, 1],
        hint: 2,
      },
      { timeMs: T + 1, schema: 0, count: 0, sum: STALE_BYTES },
      { timeMs: T + 2, schema: 77, count: 0, sum: 0 },
    ]) {
      w.tag(4, WireType.LengthDelimited).fork();
      encodeHistogram(w, h);
      w.join();
    }
    const got = decode(w.join().finish());
    expect(extraRows(got.batch)).toEqual([
      `h ${T} s1 n3 sum 4 pos 1+2 [1,2] hint 2`,
      `h # {trace_id="abc"} 0.5 ${T}`,
    ]);
    expect(batchRows(got.batch)).toEqual([`h ${T + 1} stale`]);
    expect(got).toMatchObject({
      samples: 1,
      histograms: 1,
      staleHistograms: 1,
      exemplars: 1,
      rejected: [{ reason: "invalid_histogram", count: 1 }],
    });
  });

  it("leaves the replica's label out, wherever it stands", () => {
    const drop = new TextEncoder().encode("__replica__");
    const write = (labels: readonly (readonly [string, string])[]): string[] => {
      const got = decodeWriteRequest(encodeWriteRequest([{ labels, samples: [[T, 1]] }]), "", drop);
      if (!got.ok) throw new Error(got.error.message);
      return batchRows(got.value.batch);
    };
    const name = ["__name__", "up"] as const;
    const replica = ["__replica__", "a"] as const;
    const cluster = ["cluster", "eu"] as const;
    for (const labels of [
      [name, replica, cluster],
      [name, cluster, replica],
      [replica, name, cluster],
    ])
      expect(write(labels)).toEqual([`up{cluster="eu"} ${T} 1`]);
    expect(write([name, replica])).toEqual([`up ${T} 1`]);
  });

  it("says at which byte a cut body breaks", () => {
    const whole = encodeWriteRequest([{ labels: [["__name__", "up"]], samples: [[T, 1]] }]);
    for (let n = 1; n < whole.length; n++) {
      const got = decodeWriteRequest(whole.subarray(0, n), "");
      expect(got.ok).toBe(false);
      if (!got.ok) expect(got.error.at).toBeLessThanOrEqual(n);
    }
  });

  it("throws nothing, whatever the bytes, and packs only canonical label sets", () => {
    const label = fc.tuple(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }));
    const request = fc
      .array(
        fc.record({
          labels: fc.array(label, { maxLength: 4 }),
          samples: fc.array(fc.tuple(fc.integer(), fc.double()), { maxLength: 3 }),
        }),
        { maxLength: 4 },
      )
      .map((s) => encodeWriteRequest(s));
    const mutated = fc
      .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([bytes, edits]) => {
        const out = bytes.slice();
        for (const [at, to] of edits) if (out.length > 0) out[at % out.length] = to;
        return out;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        const got = decodeWriteRequest(bytes, "id");
        if (!got.ok) return;
        const view = readBatch(got.value.batch);
        for (let i = 0; i + 1 < view.labelOffsets.length; i++) {
          const set = view.labelBytes.subarray(view.labelOffsets[i], view.labelOffsets[i + 1]);
          try {
            decodeLabels(set);
          } catch (e) {
            // Text is not decoded on this path; the shard refuses broken UTF-8 when it meets the series.
            expect(String(e)).toMatch(/UTF-8/);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
