import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutTime, planMerge } from "../../src/tsdb/compaction-plan";
import {
  type BlockLevel,
  type BlockMeta,
  DAY_MS,
  HOUR_MS,
  WINDOW_MS,
  dayOf,
  windowOf,
} from "../../src/tsdb/manifest";

const OOO = 2 * HOUR_MS;
const DAY = 20_000 * DAY_MS;
let ids = 1;
const block = (
  level: BlockLevel,
  minMs: number,
  maxMs = minMs + 1000,
  samples = 1000,
): BlockMeta => ({
  id: ids++,
  level,
  minMs,
  maxMs,
  samples,
  series: 10,
  indexRows: 1,
  pageRows: 0,
  bytes: 1000,
});

describe("what to merge", () => {
  it("leaves few young segments alone", () => {
    expect(
      planMerge([block(0, DAY), block(0, DAY + HOUR_MS)], DAY + WINDOW_MS, OOO),
    ).toBeUndefined();
  });

  it("joins eight segments of a like size within their window", () => {
    const small = Array.from({ length: 8 }, () => block(0, DAY));
    const plan = planMerge(
      [...small, block(0, DAY, DAY + 1000, 100_000), block(0, DAY + WINDOW_MS)],
      DAY + WINDOW_MS,
      OOO,
    );
    expect(plan?.level).toBe(0);
    expect(plan?.inputs.map((b) => b.id)).toEqual(small.map((b) => b.id));
  });

  it("cuts a window once nothing more is accepted for it, with what came late", () => {
    const first = block(0, DAY + 5);
    expect(planMerge([first], cutTime(first.maxMs, OOO) - 1, OOO)).toBeUndefined();
    expect(planMerge([first], cutTime(first.maxMs, OOO), OOO)).toEqual({
      inputs: [first],
      level: 1,
    });
    const cut = block(1, DAY + 5);
    const late = block(0, DAY + 9);
    expect(
      planMerge([cut, late, block(0, DAY + WINDOW_MS)], cutTime(late.maxMs, OOO), OOO),
    ).toEqual({ inputs: [cut, late], level: 1 });
  });

  it("joins a day's windows when the day is over", () => {
    const a = block(1, DAY);
    const b = block(1, DAY + WINDOW_MS);
    expect(planMerge([a, b], DAY + 20 * HOUR_MS, OOO)).toBeUndefined();
    expect(planMerge([a, b, block(2, DAY - DAY_MS)], DAY + DAY_MS + 4 * HOUR_MS, OOO)).toEqual({
      inputs: [a, b],
      level: 2,
    });
  });

  it("comes to an end: a block for each day at last", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5 * 24), fc.nat(100_000)), { maxLength: 60 }),
        (hours) => {
          let blocks = hours.map(([h, samples]) =>
            block(0, DAY + h * HOUR_MS, DAY + h * HOUR_MS + 1000, samples + 1),
          );
          const total = blocks.reduce((n, b) => n + b.samples, 0);
          for (let step = 0; ; step++) {
            expect(step).toBeLessThan(500);
            const plan = planMerge(blocks, DAY + 10 * DAY_MS, OOO);
            if (plan === undefined) break;
            const chosen = new Set(plan.inputs.map((b) => b.id));
            const unit = plan.level === 2 ? dayOf : windowOf;
            expect(new Set(plan.inputs.map((b) => unit(b.minMs))).size).toBe(1);
            const minMs = Math.min(...plan.inputs.map((b) => b.minMs));
            const maxMs = Math.max(...plan.inputs.map((b) => b.maxMs));
            const samples = plan.inputs.reduce((n, b) => n + b.samples, 0);
            blocks = [
              ...blocks.filter((b) => !chosen.has(b.id)),
              block(plan.level, minMs, maxMs, samples),
            ];
          }
          expect(blocks.reduce((n, b) => n + b.samples, 0)).toBe(total);
          expect(new Set(blocks.map((b) => dayOf(b.minMs))).size).toBe(blocks.length);
        },
      ),
    );
  });
});
