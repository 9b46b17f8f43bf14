import { expect, it } from "vitest";
import type { LogLine } from "../../src/core/logs";
import { scrubRules } from "../../src/core/scrub";
import { readBatch } from "../../src/core/batch";
import { decodeLabels } from "../../src/core/label-bytes";
import { labelsToRecord } from "../../src/core/labels";
import { logMetrics } from "../../src/logs/derived";
import { CUT_ATTRIBUTE, MAX_MESSAGE, cleanLine, rejectionOf } from "../../src/logs/limits";

const LINE: LogLine = {
  timeMs: 0,
  subMsNanos: 0,
  level: "info",
  levelText: "",
  service: "s",
  message: "m",
  attributes: {},
  traceId: "",
  spanId: "",
};
const NOW = Date.parse("2026-11-20T10:00:00Z");
const rules = scrubRules(["internal-note"]);

it("takes secrets out of message and attributes", () => {
  const clean = cleanLine(rules, {
    ...LINE,
    message: "call with Authorization: Bearer abc.def.ghijk failed",
    attributes: {
      "http.request.header.cookie": "sid=1",
      Internal_Note: "x",
      path: "/a?api_key=12345&b=1",
    },
  });
  expect(clean.message).toBe("call with Authorization: Bearer [redacted] failed");
  expect(clean.attributes).toEqual({
    "http.request.header.cookie": "[redacted]",
    Internal_Note: "[redacted]",
    path: "/a?api_key=[redacted]&b=1",
  });
});

it("cuts what is too long and says so", () => {
  const clean = cleanLine(rules, {
    ...LINE,
    message: "x".repeat(MAX_MESSAGE + 5),
    attributes: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`a${i}`, "1"])),
  });
  expect(clean.message).toHaveLength(MAX_MESSAGE);
  expect(Object.keys(clean.attributes)).toHaveLength(129);
  expect(clean.attributes[CUT_ATTRIBUTE]).toBe("attributes,message");
});

it("refuses times out of range", () => {
  expect(rejectionOf(NOW - 31 * 86_400_000, NOW)).toBe("too_old");
  expect(rejectionOf(NOW + 11 * 60_000, NOW)).toBe("too_far_in_future");
  expect(rejectionOf(NOW - 29 * 86_400_000, NOW)).toBeUndefined();
  expect(rejectionOf(NOW + 9 * 60_000, NOW)).toBeUndefined();
});

it("counts lines by service and level, once per batch id", () => {
  const batch = readBatch(
    logMetrics("b1", [LINE, LINE, { ...LINE, level: "error" }, { ...LINE, service: "t" }], NOW),
  );
  expect(batch.batchId).toBe("logs:b1");
  const counted = [...batch.incrementSeries].map((ref, i) => ({
    ...labelsToRecord(
      decodeLabels(batch.labelBytes.subarray(batch.labelOffsets[ref], batch.labelOffsets[ref + 1])),
    ),
    n: batch.incrementAmounts[i],
    at: batch.incrementTimes[i],
  }));
  expect(counted).toEqual([
    { __name__: "log_lines_total", service: "s", level: "info", n: 2, at: NOW },
    { __name__: "log_lines_total", service: "s", level: "error", n: 1, at: NOW },
    { __name__: "log_lines_total", service: "t", level: "info", n: 1, at: NOW },
  ]);
});
