import { describe, expect, it } from "vitest";
import { NudgePace } from "../../src/tsdb/nudge-pace";

const touch = (...selectors: number[]) => ({ group: "g", version: 1, selectors });

describe("nudges", () => {
  it("leave at once, then once a second with all that was touched, the last never lost", () => {
    const pace = new NudgePace();
    expect(pace.touch(touch(0, 1), 10_000)).toEqual(touch(0, 1));
    expect(pace.nextMs()).toBeUndefined();
    expect(pace.touch(touch(0), 10_200)).toBeUndefined();
    expect(pace.touch(touch(1), 10_900)).toBeUndefined();
    expect(pace.nextMs()).toBe(11_000);
    expect(pace.due(10_999)).toEqual([]);
    expect(pace.due(11_000)).toEqual([touch(0, 1)]);
    expect(pace.nextMs()).toBeUndefined();
    expect(pace.touch(touch(0), 11_500)).toBeUndefined();
    expect(pace.touch(touch(1), 12_100)).toEqual(touch(0, 1));
    expect(pace.due(20_000)).toEqual([]);
  });

  it("leave out of turn for a selector that was quiet, as long as there are some saved", () => {
    const pace = new NudgePace();
    const steady = 0;
    let [ordinary, outOfTurn] = [0, 0];
    for (let ms = 10_000; ms < 130_000; ms += 100) {
      if (pace.due(ms).length > 0) ordinary++;
      if (pace.touch(touch(steady), ms) !== undefined) ordinary++;
      // Each selector is touched once in 20 s, one or another each 200 ms.
      if (ms % 200 === 0 && pace.touch(touch(1 + ((ms / 200) % 100)), ms + 1) !== undefined)
        outOfTurn++;
    }
    expect(ordinary).toBeGreaterThan(100);
    expect(ordinary).toBeLessThanOrEqual(121);
    // Ten saved, and 29 or 30 earned in two minutes.
    expect(outOfTurn).toBeGreaterThanOrEqual(39);
    expect(outOfTurn).toBeLessThanOrEqual(40);
  });

  it("of two versions tell the earlier, which the group takes for everything", () => {
    const pace = new NudgePace();
    pace.touch({ group: "g", version: 1, selectors: [0] }, 1_000);
    pace.touch({ group: "g", version: 1, selectors: [0] }, 1_100);
    for (let i = 0; i < 12; i++) pace.touch({ group: "g", version: 2, selectors: [i] }, 1_200);
    expect(pace.due(2_000)).toEqual([{ group: "g", version: 1, selectors: [0] }]);
  });

  it("wait for no clock that was set back", () => {
    const pace = new NudgePace();
    pace.touch(touch(0), 100_000);
    expect(pace.touch(touch(0), 40_000)).toEqual(touch(0));
    expect(pace.touch(touch(0), 40_500)).toBeUndefined();
    expect(pace.nextMs()).toBe(41_000);
  });
});
