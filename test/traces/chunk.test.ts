import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Span } from "../../src/core/traces";
import { SpanChunkError, decodeSpans, encodeSpans } from "../../src/traces/chunk";
import { partitionSpans } from "../../src/traces/partition";
import { anySpan } from "./arbitrary";

const FIXTURE = join(import.meta.dirname, "fixtures/span-chunk-v1.hex");
const GOLDEN: readonly Span[] = [
  {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "00f067aa0ba902b7",
    parentSpanId: "",
    name: "POST /checkout",
    kind: "server",
    startNs: 1_795_168_800_000_123_456n,
    durationNs: 200_000_000,
    status: "error",
    statusMessage: "declined",
    service: "shop",
    scope: "http",
    attributes: { "http.route": "/checkout", "http.status_code": 500 },
    resource: { "host.name": "h1" },
    events: [
      {
        timeNs: 1_795_168_800_100_123_456n,
        name: "exception",
        attributes: { "exception.type": "CardError" },
      },
    ],
    links: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), attributes: {} }],
  },
];

const byStart = (spans: readonly Span[]): Span[] =>
  spans.toSorted((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0));

describe("a span chunk", () => {
  it("gives back every span, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anySpan, { minLength: 1, maxLength: 20 }), async (spans) => {
        const ordered = byStart(spans);
        expect(await decodeSpans(await encodeSpans(ordered))).toEqual(ordered);
      }),
    );
  });
  it("of version 1 stays readable: the golden bytes", async () => {
    const hex = (await readFile(FIXTURE, "utf8")).replaceAll(/\s/g, "");
    expect(await decodeSpans(Uint8Array.from(Buffer.from(hex, "hex")))).toEqual(GOLDEN);
  });
  it.each([
    ["other bytes", new TextEncoder().encode("VLC\u0001aaaaaaa"), "not a span chunk"],
    ["a later version", Uint8Array.from([0x56, 0x53, 0x43, 9, 0, 0, 0, 0, 0]), "version 9"],
  ])("that is %s is refused by name", async (_, bytes, message) => {
    await expect(decodeSpans(bytes)).rejects.toThrow(SpanChunkError);
    await expect(decodeSpans(bytes)).rejects.toThrow(message);
  });
});

it("the partition keeps every span, no part over an hour's end", () => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 40 }), (spans) => {
      const parts = partitionSpans(spans);
      expect(parts.flat().map((s) => s.startNs)).toEqual(byStart(spans).map((s) => s.startNs));
      for (const part of parts)
        expect(new Set(part.map((s) => s.startNs / 3_600_000_000_000n)).size).toBe(1);
    }),
  );
});
