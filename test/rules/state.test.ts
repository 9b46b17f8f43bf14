import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceOf } from "../../src/rules/hand-over";
import type { AlertingRule } from "../../src/rules/model";
import {
  type AlertingState,
  type Candidate,
  NO_ALERTS,
  RESOLVED_RETENTION_MS,
  stepAlerts,
} from "../../src/rules/state";

const MIN = 60_000;
const rule = (change: Partial<AlertingRule> = {}): AlertingRule => ({
  kind: "alerting",
  name: "A",
  expr: "up",
  labels: {},
  annotations: {},
  forMs: 0,
  keepFiringForMs: 0,
  cooldownMs: 0,
  ...change,
});
const candidate = (labels: Record<string, string> = {}, value = 1): Candidate => ({
  labels: { alertname: "A", ...labels },
  annotations: {},
  value,
});

/** One letter a minute: `x` true, `.` false, `?` a failed evaluation, `!` true as critical. Gives what is told: `p` pending, `F` firing, `h` firing and held back, `r` resolved, `-` nothing. */
function course(r: AlertingRule, timeline: string): string {
  let state: AlertingState = NO_ALERTS;
  let out = "";
  [...timeline].forEach((c, i) => {
    const atMs = (i + 1) * MIN;
    if (c !== "?") {
      const found =
        c === "x"
          ? [candidate({ severity: "warning" })]
          : c === "!"
            ? [candidate({ severity: "critical" })]
            : [];
      const step = stepAlerts(r, state, found, atMs, 0);
      if (!step.ok) throw new Error(step.error.reason);
      state = step.value.state;
    }
    const told = [...state.alerts.values()]
      .filter((a) => a.phase !== "pending")
      .map((a) => instanceOf(a, { atMs, intervalMs: MIN, generatorUrl: "", rule: r }, {}));
    const firing = told.filter((a) => a.status === "firing");
    if (firing.some((a) => a.heldBack === undefined)) out += "F";
    else if (firing.length > 0) out += "h";
    else if ([...state.alerts.values()].some((a) => a.phase === "pending")) out += "p";
    else out += told.length > 0 ? "r" : "-";
  });
  return out;
}

describe("an alert's course", () => {
  it.each([
    ["at once without for", {}, ".x.", "-Fr"],
    ["after for", { forMs: 2 * MIN }, "xxxx.", "ppFFr"],
    ["never, where a gap starts it anew", { forMs: 2 * MIN }, "xx.xx.", "pp-pp-"],
    ["on, while keep_firing_for lasts", { keepFiringForMs: 2 * MIN }, "x....", "FFFrr"],
    [
      "on, where the series comes back within keep_firing_for",
      { keepFiringForMs: 2 * MIN },
      "x..x...",
      "FFFFFFr",
    ],
    ["unchanged by failures", { forMs: MIN }, "x?x??.", "ppFFFr"],
    ["unchanged by failures while none fires", {}, "??x", "--F"],
    ["held back within the cooldown", { cooldownMs: 5 * MIN }, "x.x.x.", "Frhrhr"],
    ["let out when the cooldown ends", { cooldownMs: 3 * MIN }, "x.xxxx", "FrhFFF"],
    ["let out again after a quiet cooldown", { cooldownMs: 3 * MIN }, "x..x", "FrrF"],
    ["let out at once where it is graver", { cooldownMs: 10 * MIN }, "x.!.", "FrFr"],
    ["held back where it is less grave", { cooldownMs: 10 * MIN }, "!.x", "Frh"],
    [
      "free, long after it was told, though it fired all the while",
      { cooldownMs: 2 * MIN },
      "xxxx.x",
      "FFFFrF",
    ],
  ])("goes %s", (_, change, timeline, expected) => {
    expect(course(rule(change), timeline)).toBe(expected);
  });

  it("repeats a resolved alert for 15 min and then forgets it", () => {
    const told = course(rule(), `x${".".repeat(20)}`);
    expect(told).toBe(`F${"r".repeat(RESOLVED_RETENTION_MS / MIN + 1)}${"-".repeat(4)}`);
  });
});

describe("an evaluation", () => {
  it("refuses two series that the rule's labels make equal", () => {
    expect(stepAlerts(rule(), NO_ALERTS, [candidate({}, 1), candidate({}, 2)], 0, 0)).toEqual({
      ok: false,
      error: { reason: "duplicate_labels", of: "alert" },
    });
  });

  it("refuses more alerts than the limit; what kept firing counts", () => {
    const first = stepAlerts(
      rule({ keepFiringForMs: MIN }),
      NO_ALERTS,
      [candidate({ i: "1" })],
      MIN,
      1,
    );
    expect(first.ok).toBe(true);
    if (!first.ok) return;
    const second = stepAlerts(
      rule({ keepFiringForMs: MIN }),
      first.value.state,
      [candidate({ i: "2" })],
      1.5 * MIN,
      1,
    );
    expect(second).toEqual({
      ok: false,
      error: { reason: "limit", limit: 1, count: 2, of: "alerts" },
    });
  });

  it("says that nothing changed where only the value did", () => {
    const first = stepAlerts(rule(), NO_ALERTS, [candidate({}, 1)], 1, 0);
    if (!first.ok) throw new Error("refused");
    expect(first.value.changed).toBe(true);
    const second = stepAlerts(rule(), first.value.state, [candidate({}, Number.NaN)], 2, 0);
    expect(second).toMatchObject({ ok: true, value: { changed: false } });
  });

  it("keeps its promises on any timeline", () => {
    const settings = fc.record({
      forMs: fc.integer({ min: 0, max: 4 }).map((n) => n * MIN),
      keepFiringForMs: fc.integer({ min: 0, max: 4 }).map((n) => n * MIN),
      cooldownMs: fc.integer({ min: 0, max: 8 }).map((n) => n * MIN),
    });
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.constantFrom("x", ".", "?"), { maxLength: 60 }),
        (change, letters) => {
          const told = course(rule(change), letters.join(""));
          // A failed evaluation resolves nothing and starts nothing.
          letters.forEach((c, i) => {
            if (c === "?" && i > 0 && told[i - 1] !== "h" && told[i - 1] !== "r")
              expect(told[i]).toBe(told[i - 1]);
          });
          // Between two beginnings that were let out lies at least the cooldown.
          const begins = [...told].flatMap((s, i) => (s === "F" && told[i - 1] !== "F" ? [i] : []));
          begins
            .slice(1)
            .forEach((b, i) =>
              expect((b - (begins[i] as number)) * MIN).toBeGreaterThanOrEqual(change.cooldownMs),
            );
          // Nothing fires before its `for` has passed since the first true minute.
          const firstTrue = letters.indexOf("x");
          const firstFire = told.search(/[Fh]/);
          if (firstFire >= 0)
            expect((firstFire - firstTrue) * MIN).toBeGreaterThanOrEqual(change.forMs);
        },
      ),
    );
  });
});
