import { expect, it } from "vitest";
import { each } from "../../src/jobs/each";

it("does each part though one fails, and names what failed", async () => {
  const done: string[] = [];
  const work = each(
    ["a", "b", "c"],
    (x) => x,
    async (x) => {
      if (x === "a") throw new Error("no such metric");
      done.push(x);
      return `${x} done`;
    },
  );
  await expect(work).rejects.toThrow("a: no such metric; b done; c done");
  expect(done).toEqual(["b", "c"]);
  expect(
    await each(
      ["b"],
      (x) => x,
      async (x) => `${x} done`,
    ),
  ).toEqual(["b done"]);
});
