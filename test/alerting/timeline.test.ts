import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NotifyReason } from "../../src/alerting/model";
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
    // An evaluation in which nothing happens writes no record, but for what was in doubt after a restart or a step of the clock.
    const doubts = script.steps.filter((s) =>
      ["restart", "kill", "clock", "late"].includes(s.verb),
    );
    expect(run.steadyWrites).toBeLessThanOrEqual(4 * doubts.length);
  });

  it("know every reason", () => {
    const reasons: Record<NotifyReason, boolean> = {
      first_notification: false,
      new_alerts: false,
      resolved_alerts: false,
      all_resolved: false,
      repeat_interval: false,
      window_ended: false,
      flapping: false,
      calm: false,
      silenced: false,
      maintenance: false,
      muted: false,
      inhibited: false,
      cooldown: false,
      resolved_not_wanted: false,
      window_created: false,
      window_changed: false,
      window_started: false,
      window_cancelled: false,
      // Nothing is said of what is no news.
      none: true,
    };
    for (const file of files)
      for (const { reason } of parseScript(readFileSync(join(dir, file), "utf8")).expectations)
        if (reason in reasons) reasons[reason as NotifyReason] = true;
    expect(Object.entries(reasons).filter(([, known]) => !known)).toEqual([]);
  });

  it("says readably where the first difference is", () => {
    const text = readFileSync(join(dir, "grouping.timeline"), "utf8");
    const surplus = parseScript(text.replace(/^expect 30s .*$/m, ""));
    expect(firstDifference(surplus, play(surplus))).toMatch(
      /^at 30s, after 0 lines that agree:\n\+ heard {3}expect 30s hook '\{\}:\{alertname="A"\}' firing A\/1 A\/2 reason first_notification/,
    );
    const other = parseScript(
      text.replace("firing A/1 A/2 reason first", "firing A/1 reason first"),
    );
    expect(firstDifference(other, play(other))).toMatch(
      /- missing expect 30s hook firing A\/1 reason first_notification {4}\(line \d+\)\n\+ heard {3}expect 30s/,
    );
  });

  it("refuses what it does not understand, with the line", () => {
    const config = "configure\n  route: { receiver: a }\n  receivers: [{ name: a }]\n";
    const refused = (line: string): string => {
      try {
        parseScript(`${config}${line}\nend 1m\n`);
        return "";
      } catch (e) {
        return (e as Error).message;
      }
    };
    expect(refused("at 1m frie {}")).toBe('line 4: unknown verb "frie"');
    expect(refused("at 1m fire {a=")).toBe("line 4: {…} expected");
    expect(refused("expect 1m a firing A")).toBe("line 4: a word is missing");
    expect(refused("at soon restart")).toContain("line 4: not a valid duration");
    expect(refused("expect 1m a firing A reason x\nexpect none until 30s")).toBe("");
    expect(refused("expect none until 5m\nexpect 1m a firing A reason x")).toBe(
      "line 4: line 5 expects something before",
    );
  });
});
