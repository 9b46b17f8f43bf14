import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridAt, gridOf, judgeTick, nextOnGrid } from "../../src/rules/grid";

const NOW = 1_800_000_000_000;

describe("a group's grid", () => {
  it("goes by the interval, shifted by the group's name", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1_000, max: 86_400_000 }),
        fc.nat(1e9),
        (key, intervalMs, after) => {
          const grid = gridOf(key, intervalMs);
          const now = NOW + after;
          const at = gridAt(grid, now);
          expect(at).toBeLessThanOrEqual(now);
          expect(nextOnGrid(grid, now) - at).toBe(intervalMs);
          expect(nextOnGrid(grid, now)).toBeGreaterThan(now);
          expect(gridAt(grid, at)).toBe(at);
        },
      ),
    );
    const offsets = new Set(Array.from({ length: 50 }, (_, i) => gridOf(`g${i}`, 15_000).offsetMs));
    expect(offsets.size).toBeGreaterThan(40);
  });

  it("counts what was missed, asleep or awake", () => {
    const grid = gridOf("g", 1_000);
    const at = gridAt(grid, NOW);
    expect(judgeTick(grid, at + 10, at - 1_000, at)).toEqual({
      evaluate: true,
      atMs: at,
      missed: 0,
    });
    expect(judgeTick(grid, at + 10, at - 5_000, undefined)).toEqual({
      evaluate: true,
      atMs: at,
      missed: 4,
    });
    expect(judgeTick(grid, at + 10, 0, at - 3_000)).toEqual({
      evaluate: true,
      atMs: at,
      missed: 3,
    });
    expect(judgeTick(grid, at + 10, 0, undefined)).toEqual({ evaluate: true, atMs: at, missed: 0 });
  });

  it("evaluates no time twice, but begins anew where the clock was set back", () => {
    const grid = gridOf("g", 1_000);
    const at = gridAt(grid, NOW);
    expect(judgeTick(grid, at + 10, at, at)).toEqual({
      evaluate: false,
      reason: "already_evaluated",
    });
    expect(judgeTick(grid, at + 10, at + 5_000, at)).toEqual({
      evaluate: false,
      reason: "already_evaluated",
    });
    expect(judgeTick(grid, at + 10, at + 3_600_000, at)).toEqual({
      evaluate: true,
      atMs: at,
      missed: 0,
    });
  });
});
