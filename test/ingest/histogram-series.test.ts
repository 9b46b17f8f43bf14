import fc from "fast-check";
import { expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsFromPairs, labelsOf, labelsToRecord, renderLabels } from "../../src/core/labels";
import { HistogramSeriesMaker } from "../../src/ingest/histogram-series";
import { renderBound } from "../../src/ingest/names";
import { batchRows } from "./batch-rows";

const label = fc.tuple(
  fc.constantFrom("a", "Z", "_x", "le", "ld", "lf", "z"),
  fc.string({ maxLength: 5 }),
);

it("gives the label sets that each bucket would have by itself", () => {
  fc.assert(
    fc.property(fc.array(label, { maxLength: 5 }), (pairs) => {
      const labels = labelsFromPairs(pairs);
      const bounds = [0.1, 2.5, 1e-7];
      const batch = new BatchBuilder();
      const { buckets, sum, count } = new HistogramSeriesMaker(batch).make("h", labels, bounds);
      for (const ref of [...buckets, sum, count]) batch.sample(ref, 1, 1);
      const own = labelsToRecord(labels);
      const want = [
        ...[...bounds, Infinity].map((b) => ({ ...own, __name__: "h_bucket", le: renderBound(b) })),
        { ...own, __name__: "h_sum" },
        { ...own, __name__: "h_count" },
      ].map((r) => `${renderLabels(labelsOf(r))} 1 1`);
      expect(batchRows(batch.finish())).toEqual(want);
    }),
  );
});

it.each([
  [0.005, "0.005"],
  [1, "1"],
  [1e-7, "0.0000001"],
  [-2.5e-8, "-0.000000025"],
  [1e21, "1000000000000000000000"],
  [1.25e22, "12500000000000000000000"],
  [Infinity, "+Inf"],
])("writes the bound %s as %s", (bound, text) => {
  expect(renderBound(bound)).toBe(text);
});
