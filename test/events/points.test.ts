import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsOf } from "../../src/core/labels";
import type { Series } from "../../src/core/series";
import { bitsOf, setStaleAt } from "../../src/core/stale";
import {
  EVENT_BLOBS,
  POINT_LIMITS,
  cutUtf8,
  eventPoint,
  rollupPoint,
  weighEvents,
} from "../../src/events/points";
import { selectRollup } from "../../src/events/rollup";
import { productEvent } from "./product-event";

const utf8 = (text: string): number => new TextEncoder().encode(text).length;

describe("weighEvents", () => {
  it("lets each of a few events stand for itself", () => {
    const events = [productEvent({ value: 3 }), productEvent()];
    expect(weighEvents(events).map(({ weight, value }) => [weight, value])).toEqual([
      [1, 3],
      [1, 0],
    ]);
  });

  it("keeps the totals of every name, of all, and of the values, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.integer({ min: 0, max: 30 }).map((n) => `n${n * n * n}`),
            value: fc.integer({ min: -5, max: 50 }),
          }),
          { maxLength: 900 },
        ),
        fc.integer({ min: 31, max: 200 }),
        (specs, max) => {
          const events = specs.map((s) => productEvent(s));
          const points = weighEvents(events, max);
          expect(points.length).toBeLessThanOrEqual(Math.min(max, events.length));
          expect(points.reduce((n, p) => n + p.value, 0)).toBe(
            specs.reduce((n, s) => n + s.value, 0),
          );
          for (const name of new Set(specs.map((s) => s.name)))
            expect(
              points.filter((p) => p.event.name === name).reduce((n, p) => n + p.weight, 0),
            ).toBe(specs.filter((s) => s.name === name).length);
          expect(points.every((p) => p.weight > 0)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("uses all points for many events, and gives up names before totals", () => {
    const many = Array.from({ length: 1_000 }, (_, i) =>
      productEvent({ id: `${i}`, name: `e${i % 3}` }),
    );
    expect(weighEvents(many)).toHaveLength(POINT_LIMITS.eventPoints);
    const distinct = many.map((e) => ({ ...e, name: e.id }));
    const points = weighEvents(distinct);
    expect(points).toHaveLength(POINT_LIMITS.eventPoints);
    expect(points.reduce((n, p) => n + p.weight, 0)).toBe(1_000);
  });
});

describe("points", () => {
  it("put each fact into its column", () => {
    const event = productEvent({
      name: "bought",
      userId: "u",
      path: "/b",
      referrer: "r.example",
      country: "DE",
      device: "mobile",
      browser: "Chrome",
      os: "Android",
      sessionId: "s",
    });
    const point = eventPoint("shop", { event, weight: 4, value: 99 });
    expect(point.indexes).toEqual(["shop/bought"]);
    expect(Object.fromEntries(EVENT_BLOBS.map((name, i) => [name, point.blobs[i]]))).toEqual({
      kind: "event",
      project: "shop",
      event: "bought",
      path: "/b",
      referrer: "r.example",
      country: "DE",
      device: "mobile",
      browser: "Chrome",
      os: "Android",
      session: "s",
      person: "u:u",
    });
    expect(point.doubles).toEqual([4, 99]);
    expect(rollupPoint("shop", { metric: "up", labels: '{job="a"}', value: 1 })).toEqual({
      indexes: ["shop/up"],
      blobs: ["series", "shop", "up", '{job="a"}'],
      doubles: [1],
    });
  });

  it("stay within the platform's limits with any text", () => {
    const text = fc.string({ unit: "binary", maxLength: 6_000 }).map((s) => s.repeat(3));
    fc.assert(
      fc.property(text, text, text, (name, path, person) => {
        const { indexes, blobs } = eventPoint("project", {
          event: productEvent({ name, path, person: `u:${person}`, sessionId: path }),
          weight: 1,
          value: 0,
        });
        expect(utf8(indexes[0])).toBeLessThanOrEqual(POINT_LIMITS.indexBytes);
        expect(blobs.reduce((n, b) => n + utf8(b), 0)).toBeLessThanOrEqual(POINT_LIMITS.blobBytes);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc"],
    ["äöü", 5, "äö"],
    ["a😀", 4, "a"],
    ["a😀", 5, "a😀"],
  ])("cuts %j to %i bytes between characters", (given, max, kept) => {
    expect(cutUtf8(given, max)).toBe(kept);
  });
});

describe("selectRollup", () => {
  const series = (labels: Record<string, string>, ...values: number[]): Series => ({
    labels: labelsOf(labels),
    timestamps: Float64Array.from(values, (_, i) => i * 1_000),
    values: Float64Array.from(values),
  });
  const up = [{ type: "=", name: "__name__", value: "up" }] as const;
  const errors = [{ type: "=~", name: "__name__", value: "errors.*" }] as const;

  it("takes the last value of the chosen series", () => {
    const chosen = selectRollup(
      [
        series({ __name__: "up", job: "a" }, 0, 1),
        series({ __name__: "down" }, 5),
        series({ __name__: "errors_total" }, 7),
      ],
      [up, errors],
    );
    expect(chosen).toEqual({
      points: [
        { metric: "up", labels: '{job="a"}', value: 1 },
        { metric: "errors_total", labels: "{}", value: 7 },
      ],
      overflow: 0,
    });
  });

  it("leaves out what ended and what is no number", () => {
    const ended = series({ __name__: "up", job: "b" }, 1, 2);
    setStaleAt(bitsOf(ended.values), 1);
    expect(
      selectRollup(
        [
          ended,
          series({ __name__: "up" }, Number.NaN),
          series({ __name__: "up", x: "1" }, Infinity),
          series({ __name__: "up", y: "1" }),
        ],
        [up],
      ),
    ).toEqual({ points: [], overflow: 0 });
  });

  it("keeps to the budget, first selectors first, the same series each time, and counts the rest", () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      series({ __name__: i % 2 === 0 ? "up" : "errors_total", i: String(i).padStart(3, "0") }, i),
    );
    const first = selectRollup(many, [errors, up]);
    expect(first.points).toHaveLength(200);
    expect(first.overflow).toBe(100);
    expect(first.points.filter((p) => p.metric === "errors_total")).toHaveLength(150);
    expect(selectRollup(many.toReversed(), [errors, up])).toEqual(first);
  });
});
