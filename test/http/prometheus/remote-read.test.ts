import { describe, expect, it } from "vitest";
import { bitsOf, setStaleAt } from "../../../src/core/stale";
import { ProtoWriter } from "../../../src/http/prometheus/proto-writer";
import { decodeReadRequest } from "../../../src/http/prometheus/remote-read/request";
import { encodeReadResponse } from "../../../src/http/prometheus/remote-read/response";
import { decodeWriteRequest } from "../../../src/ingest/remote-write/decode";
import { readBatch } from "../../../src/core/batch";

describe("a read request", () => {
  it("is read with its matchers, negative times and accepted types", () => {
    const w = new ProtoWriter();
    w.message(1, (q) => {
      q.int(1, -5);
      q.int(2, 1_700_000_000_123);
      for (const [type, name, value] of [
        [0, "a", "b"],
        [1, "c", ""],
        [2, "d", ".*"],
        [3, "é", "x|y"],
      ] as const)
        q.message(3, (m) => {
          m.int(1, type);
          m.text(2, name);
          m.text(3, value);
        });
      // Hints are passed over.
      q.message(4, (h) => h.int(1, 60_000));
    });
    w.int(2, 1);
    w.int(2, 0);
    expect(decodeReadRequest(w.bytes.finish())).toEqual({
      ok: true,
      value: {
        queries: [
          {
            startMs: -5,
            endMs: 1_700_000_000_123,
            matchers: [
              { type: "=", name: "a", value: "b" },
              { type: "!=", name: "c", value: "" },
              { type: "=~", name: "d", value: ".*" },
              { type: "!~", name: "é", value: "x|y" },
            ],
          },
        ],
        accepted: [1, 0],
      },
    });
  });

  it("is refused where it is cut off or of another kind", () => {
    expect(decodeReadRequest(Uint8Array.of(10, 5, 8))).toMatchObject({ ok: false });
    const w = new ProtoWriter();
    w.message(1, (q) => q.message(3, (m) => m.int(1, 9)));
    expect(decodeReadRequest(w.bytes.finish())).toEqual({
      ok: false,
      error: "invalid matcher type 9",
    });
  });
});

describe("a read response", () => {
  it("has its series by labels, times before 1970, and stale markers with their bits", () => {
    const values = Float64Array.of(1, 0);
    setStaleAt(bitsOf(values), 1);
    const found = [
      { labels: ["__name__", "b"], timestamps: Float64Array.of(1000), values: Float64Array.of(2) },
      { labels: ["__name__", "a"], timestamps: Float64Array.of(-1, 2000), values },
    ];
    // A result has the fields of a write request, so that the reader of those reads it.
    const response = encodeReadResponse([found]);
    const length = response[1] as number;
    expect(response[0]).toBe(10);
    const decoded = decodeWriteRequest(response.subarray(2, 2 + length), "id");
    if (!decoded.ok) throw new Error(decoded.error.message);
    const batch = readBatch(decoded.value.batch);
    expect(decoded.value.samples).toBe(3);
    expect(decoded.value.rejected).toEqual([]);
    expect(batch).toBeDefined();
    const text = Buffer.from(response).toString("latin1");
    expect(text.indexOf("a")).toBeLessThan(text.indexOf("b"));
    expect([...response].join(",")).toContain("2,0,0,0,0,0,240,127");
  });
});
