import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runTimeline } from "./timeline";

const dir = join(import.meta.dirname, "timelines");
const files = readdirSync(dir).filter((f) => f.endsWith(".timeline"));

describe("timelines", () => {
  it.each(files)("%s", (file) => {
    const { expected, heard, steadyWrites, restarts } = runTimeline(
      readFileSync(join(dir, file), "utf8"),
    );
    expect(heard).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    // An evaluation in which nothing happens writes no record, but for a source that was in doubt after a restart.
    expect(steadyWrites).toBeLessThanOrEqual(restarts);
  });

  it("notices what was not expected, and what did not come", () => {
    const text = readFileSync(join(dir, "grouping.timeline"), "utf8");
    const first = /^.* expect .*$/m.exec(text)?.[0] as string;
    const { expected, heard } = runTimeline(text.replace(first, ""));
    expect(heard.length).toBe(expected.length + 1);
  });
});
