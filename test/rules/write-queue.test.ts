import { describe, expect, it } from "vitest";
import { WriteQueue } from "../../src/rules/write-queue";

const rule = (name: string) => ({ name });
type Rule = ReturnType<typeof rule>;
const names = (rules: readonly Rule[]): string[] => rules.map((r) => r.name);

describe("the rules that a write touched", () => {
  it("are evaluated at once, then once a second, the last touch never lost", () => {
    const queue = new WriteQueue<Rule>();
    const a = rule("a");
    queue.touch([a], 10_000);
    expect(queue.nextMs()).toBe(10_000);
    expect(names(queue.take(10_000))).toEqual(["a"]);
    expect(queue.nextMs()).toBeUndefined();
    queue.touch([a], 10_200);
    queue.touch([a], 10_700);
    expect(queue.nextMs()).toBe(11_000);
    expect(queue.take(10_900)).toEqual([]);
    expect(names(queue.take(11_000))).toEqual(["a"]);
    expect(queue.take(20_000)).toEqual([]);
  });

  it("come in slices, and a slow slice leaves nine tenths of the time to others", () => {
    const queue = new WriteQueue<Rule>();
    const all = Array.from({ length: 50 }, (_, i) => rule(String(i)));
    queue.touch(all, 1_000);
    expect(queue.take(1_000)).toHaveLength(20);
    queue.took(30, 1_030);
    expect(queue.nextMs()).toBe(1_300);
    expect(queue.take(1_299)).toEqual([]);
    expect(queue.take(1_300)).toHaveLength(20);
    queue.took(1, 1_301);
    expect(queue.take(1_310)).toHaveLength(10);
    expect(queue.nextMs()).toBeUndefined();
  });

  it("wait for no clock that was set back", () => {
    const queue = new WriteQueue<Rule>();
    const a = rule("a");
    queue.touch([a], 100_000);
    queue.take(100_000);
    queue.took(500, 100_500);
    queue.touch([a], 40_000);
    expect(queue.nextMs()).toBe(40_000);
    expect(names(queue.take(40_000))).toEqual(["a"]);
  });

  it("let one go first that nothing had touched for long, and none wait for ever", () => {
    const queue = new WriteQueue<Rule>();
    const busy = Array.from({ length: 100 }, (_, i) => rule(`busy${i}`));
    const rare = rule("rare");
    queue.touch([rare], 0);
    queue.take(0);
    let now = 0;
    const waited = new Map<Rule, number>();
    const last = new Map<Rule, number>(busy.map((r) => [r, 0]));
    for (; now < 60_000; now += 100) {
      queue.touch(busy, now);
      if (now === 30_000) queue.touch([rare], now);
      const taken = queue.take(now);
      if (taken.length > 0) queue.took(60, now);
      if (taken.includes(rare)) waited.set(rare, now - 30_000);
      for (const r of taken) {
        waited.set(r, Math.max(waited.get(r) ?? 0, now - (last.get(r) ?? now)));
        last.set(r, now);
      }
    }
    // A slice in about 600 ms: the rare one is in the next, the busy ones take turns of five slices.
    expect(waited.get(rare)).toBeLessThanOrEqual(600);
    for (const r of busy) expect(waited.get(r)).toBeLessThanOrEqual(4_000);
  });
});
