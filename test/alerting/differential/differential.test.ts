import { describe, expect, it } from "vitest";
import { missing } from "./alertmanager";
import { compareWithAlertmanager } from "./run";

/** `npm run differential:alerts` sets them: all cases, across a full minute, from any seed. */
const CASES = Number(process.env["DIFFERENTIAL_CASES"] ?? 40);
const SEED = Number(process.env["DIFFERENTIAL_SEED"] ?? 1);
const ACROSS_MINUTE = process.env["DIFFERENTIAL_CASES"] !== undefined;

const why = missing();

describe("notifications beside a real Alertmanager", () => {
  it.skipIf(why !== undefined)(
    `${CASES} cases: equal receivers, group keys, states, members and times${why === undefined ? "" : ` (skipped: ${why})`}`,
    // Another process's real time: what a busy machine does to it is gone at the second try, a difference is not.
    { timeout: 180_000, retry: 1 },
    async () => {
      const began = Date.now();
      const verdicts = await compareWithAlertmanager({
        seed: SEED,
        cases: CASES,
        acrossMinute: ACROSS_MINUTE,
      });
      const judged = verdicts.filter((v) => !v.disturbed);
      const messages = judged.reduce((n, v) => n + v.messages, 0);
      console.log(
        `${judged.length} cases compared, ${messages} messages, ${verdicts.length - judged.length} left out ` +
          `(busy machine), ${judged.filter((v) => v.deviates).length} touched by an intended deviation, ` +
          `${((Date.now() - began) / 1000).toFixed(0)} s`,
      );
      const differences = judged.flatMap((v) =>
        v.difference === undefined ? [] : [`${v.id}, seed ${v.seed}: ${v.difference}`],
      );
      expect(differences.slice(0, 10).join("\n\n")).toBe("");
      expect(judged.length).toBeGreaterThan(CASES / 2);
      expect(messages).toBeGreaterThan(judged.length * 2);
    },
  );
});
