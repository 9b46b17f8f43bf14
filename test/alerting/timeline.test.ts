import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { firstDifference } from "./timeline/compare";
import { parseScript } from "./timeline/script";
import { play } from "./timeline/world";

const dir = join(import.meta.dirname, "timelines");
const files = readdirSync(dir).filter((f) => f.endsWith(".timeline"));

describe("timelines", () => {
  it.each(files)("%s", (file) => {
    const script = parseScript(readFileSync(join(dir, file), "utf8"));
    const run = play(script);
    expect(firstDifference(script, run)).toBeUndefined();
    expect(script.expectations.length).toBeGreaterThan(0);
    // An evaluation in which nothing happens writes no record, but for a source that was in doubt after a restart.
    const restarts = script.steps.filter((s) => s.verb === "restart" || s.verb === "kill").length;
    expect(run.steadyWrites).toBeLessThanOrEqual(restarts);
  });
});
