import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AccumulatorState,
  FORGET_MS,
  RETIRE_MS,
  flush,
  increment,
  isForgotten,
  isRetired,
  isWaiting,
  repeat,
} from "../../src/tsdb/accumulators";

const START = 1_700_000_000_000;

/** Plays increments (ms since the last, amount), ticking each second and each minute as the shell does. */
function play(steps: readonly (readonly [wait: number, amount: number])[]): {
  samples: [number, number][];
  total: number;
  state: AccumulatorState | undefined;
  now: number;
} {
  let state: AccumulatorState | undefined;
  let now = START;
  let total = 0;
  const samples: [number, number][] = [];
  const take = (r: {
    state: AccumulatorState;
    emit: readonly { timeMs: number; value: number }[];
  }): void => {
    state = r.state;
    for (const e of r.emit) samples.push([e.timeMs, e.value]);
  };
  for (const [wait, amount] of steps) {
    const until = now + wait;
    while (state !== undefined && now < until) {
      now = Math.min(until, now + 1000);
      take(isWaiting(state) ? flush(state, now) : repeat(state, now));
    }
    now = until;
    total += amount;
    take(increment(state, 1, amount, now));
  }
  if (state !== undefined) {
    now += 1000;
    take(flush(state, now));
  }
  return { samples, total, state, now };
}

const steps = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(200_000), fc.nat(2 * RETIRE_MS)),
    fc.integer({ min: 1, max: 100 }),
  ),
  {
    minLength: 1,
    maxLength: 30,
  },
);

describe("accumulators", () => {
  it("lose no increment, never fall, and write at most once a second", () => {
    fc.assert(
      fc.property(steps, (ss) => {
        const { samples, total } = play(ss);
        expect(samples.at(-1)?.[1]).toBe(total);
        for (let i = 1; i < samples.length; i++) {
          const [t0, v0] = samples[i - 1] as [number, number];
          const [t1, v1] = samples[i] as [number, number];
          expect(t1 - t0).toBeGreaterThanOrEqual(1000);
          expect(v1).toBeGreaterThanOrEqual(v0);
        }
      }),
    );
  });

  it("begin with a zero one second before the first increment", () => {
    fc.assert(
      fc.property(steps, (ss) => {
        const { samples } = play(ss);
        expect(samples[0]?.[1]).toBe(0);
        expect((samples[1]?.[0] as number) - (samples[0]?.[0] as number)).toBe(1000);
      }),
    );
  });

  it("show every rise within the minute before it, so that increase() counts all of it", () => {
    fc.assert(
      fc.property(steps, (ss) => {
        const { samples } = play(ss);
        for (let i = 1; i < samples.length; i++) {
          const [t0, v0] = samples[i - 1] as [number, number];
          const [t1, v1] = samples[i] as [number, number];
          if (v1 > v0) expect(t1 - t0).toBeLessThanOrEqual(61_000);
        }
      }),
    );
  });

  it("repeat the value each minute until an hour has passed, then fall silent, then are forgotten", () => {
    const { samples, state, now } = play([[0, 5]]);
    let s = state as AccumulatorState;
    const times: number[] = [];
    for (let t = now; t < now + 2 * RETIRE_MS; t += 5_000) {
      const r = repeat(s, t);
      s = r.state;
      times.push(...r.emit.map((e) => e.timeMs));
      expect(r.emit.every((e) => e.value === 5)).toBe(true);
    }
    expect(samples.length).toBe(2);
    expect(times.length).toBeGreaterThan(55);
    expect(times.length).toBeLessThan(75);
    expect(Math.max(...times)).toBeLessThanOrEqual(START + RETIRE_MS);
    expect(isRetired(s, START + RETIRE_MS)).toBe(true);
    expect(isForgotten(s, START + FORGET_MS - 1)).toBe(false);
    expect(isForgotten(s, START + FORGET_MS)).toBe(true);
  });

  it("continue their total when they come back, with the old value one second before", () => {
    const { samples } = play([
      [0, 5],
      [3 * RETIRE_MS, 2],
    ]);
    const [before, after] = samples.slice(-2) as [[number, number], [number, number]];
    expect([before[1], after[1]]).toEqual([5, 7]);
    expect(after[0] - before[0]).toBe(1000);
  });

  it("do not wait for ever where amounts sum up to no number", () => {
    let state = increment(undefined, 1, 1.7e308, START).state;
    state = increment(state, 1, 1.7e308, START + 1000).state;
    state = increment(state, 1, -Infinity, START + 2000).state;
    expect(state.total).toBeNaN();
    expect(isWaiting(state)).toBe(false);
  });
});
