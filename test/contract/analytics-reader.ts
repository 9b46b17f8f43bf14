import { describe, expect, it } from "vitest";
import type { AnalyticsReader, ProductEvent } from "../../src/core/events";
import { productEvent } from "../events/product-event";

/** What every source of event totals must answer, wherever the events lie. */
export function analyticsReaderContract(
  name: string,
  make: () => {
    readonly reader: AnalyticsReader;
    /** Brings events to where the reader looks. */
    readonly write: (events: readonly ProductEvent[]) => Promise<void>;
  },
): void {
  const start = Date.UTC(2026, 0, 5, 10);
  const minute = 60_000;
  const day = { fromMs: start - 86_400_000, toMs: start + 86_400_000 };
  const at = (id: number, minutes: number, parts: Partial<ProductEvent>): ProductEvent =>
    productEvent({ id: `c${id}`, timeMs: start + minutes * minute, ...parts });

  describe(`analytics reader: ${name}`, () => {
    const { reader, write } = make();
    it("takes the events in", async () => {
      await write([
        at(1, 0, {
          name: "page_view",
          path: "/",
          country: "DE",
          browser: "Firefox",
          os: "Linux",
          device: "desktop",
          referrer: "news.example",
        }),
        at(2, 0, { name: "page_view", path: "/", country: "DE", browser: "Chrome" }),
        at(3, 1, { name: "page_view", path: "/a", country: "FR", browser: "Chrome" }),
        at(4, 5, { name: "bought", path: "/a", country: "FR", value: 12.5 }),
        at(5, 5, { name: "bought", path: "/b", country: "DE", value: 7.5 }),
        at(6, 3 * 24 * 60, { name: "later", path: "/" }),
      ]);
    });

    it("adds up events and their values within the span, its end left out", async () => {
      expect(await reader.totals(day)).toEqual({ events: 5, value: 20 });
      expect(await reader.totals({ fromMs: start, toMs: start + 5 * minute })).toEqual({
        events: 3,
        value: 0,
      });
      expect(await reader.totals({ fromMs: start - 2, toMs: start - 1 })).toEqual({
        events: 0,
        value: 0,
      });
    });

    it("filters by any dimension, and by several at once", async () => {
      for (const [where, events] of [
        [{ event: "bought" }, 2],
        [{ path: "/" }, 2],
        [{ country: "FR" }, 2],
        [{ browser: "Chrome" }, 2],
        [{ os: "Linux" }, 1],
        [{ device: "desktop" }, 1],
        [{ referrer: "news.example" }, 1],
        [{ event: "bought", country: "DE" }, 1],
        [{ event: "' OR 1=1 --" }, 0],
      ] as const)
        expect([where, (await reader.totals({ ...day, where })).events]).toEqual([where, events]);
    });

    it("counts per step, steps without events left out", async () => {
      expect(await reader.timeSeries(day, minute)).toEqual([
        { startMs: start, events: 2 },
        { startMs: start + minute, events: 1 },
        { startMs: start + 5 * minute, events: 2 },
      ]);
      expect(await reader.timeSeries({ ...day, where: { event: "bought" } }, 3_600_000)).toEqual([
        { startMs: start, events: 2 },
      ]);
    });

    it("ranks the values of a dimension, unknown ones left out", async () => {
      expect(await reader.topN(day, "event", 5)).toEqual([
        { value: "page_view", count: 3 },
        { value: "bought", count: 2 },
      ]);
      expect(await reader.topN(day, "country", 1)).toEqual([{ value: "DE", count: 3 }]);
      expect(await reader.topN(day, "browser", 5)).toEqual([
        { value: "Chrome", count: 2 },
        { value: "Firefox", count: 1 },
      ]);
      expect(await reader.topN({ ...day, where: { event: "page_view" } }, "path", 5)).toEqual([
        { value: "/", count: 2 },
        { value: "/a", count: 1 },
      ]);
    });
  });
}
