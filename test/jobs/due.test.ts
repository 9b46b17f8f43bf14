import { describe, expect, it } from "vitest";
import { dueSlot } from "../../src/jobs/due";

const at = (iso: string): number => Date.parse(`${iso}Z`);

describe("a job's slot", () => {
  it("is due once", () => {
    const slot = dueSlot("5 0 * * *", at("2026-03-01T00:05:00"), at("2026-03-02T00:05:30"));
    expect(slot).toBe(at("2026-03-02T00:05:00"));
    expect(dueSlot("5 0 * * *", slot, at("2026-03-02T00:06:00"))).toBeUndefined();
  });

  it("that was missed is caught up by the newest one alone", () => {
    expect(dueSlot("*/5 * * * *", at("2026-03-02T00:00:00"), at("2026-03-02T01:03:00"))).toBe(
      at("2026-03-02T01:00:00"),
    );
    expect(dueSlot("* * * * *", at("2025-01-01T00:00:00"), at("2026-03-02T01:03:10"))).toBe(
      at("2026-03-02T01:03:00"),
    );
  });

  it("of a job that never ran is its next one", () => {
    expect(dueSlot("5 0 * * *", undefined, at("2026-03-02T12:00:00"))).toBeUndefined();
    expect(dueSlot("* * * * *", undefined, at("2026-03-02T12:00:05"))).toBe(
      at("2026-03-02T12:00:00"),
    );
  });
});
