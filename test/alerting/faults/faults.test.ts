import { describe, expect, it } from "vitest";
import { type Heard, clock, play } from "../timeline/world";
import { render } from "../timeline/compare";
import { type FaultScript, type Firing, randomFaults } from "./random-script";

const SEEDS = Number(process.env["FAULT_SEEDS"] ?? 150);
const FIRST = Number(process.env["FAULT_SEED"] ?? 1);
/** How old a truth may be when it is told: the source's interval, kills, and a message on its way. */
const STALE_MS = 150_000;
/** The longest that an alert lives without a word: resolve_timeout, and a flush. */
const LIFETIME_MS = 8 * 60_000;
/** A message that was held up between decision and delivery: its repetition counts from the decision. */
const LATE_MS = 90_000;
/** Alarms that are late by 5 min, an interval of 2, and repairs by the cron. */
const TOLD_WITHIN_MS = 12 * 60_000;

describe("random faults: kills, lost, late and doubled alarms, clock steps, new configurations", () => {
  const runs = Array.from({ length: SEEDS }, (_, i) => randomFaults(FIRST + i)).map((faults) => ({
    faults,
    heard: play(faults.script).heard.filter((h) => h.kind === "sent" && h.integration === "hook"),
  }));
  const check = (
    problem: (faults: FaultScript, heard: readonly Heard[]) => string | undefined,
  ): void => {
    for (const { faults, heard } of runs) {
      const found = problem(faults, heard);
      if (found === undefined) continue;
      const told = heard.map((h) => render(h)).join("\n");
      expect.fail(`${found}\n\n${faults.text}\n\n${told}`);
    }
  };

  it("lose nothing: in the end each receiver knows what fires", () => {
    check(({ truth, settledMs }, heard) => {
      for (const group of ["A", "B", "C"]) {
        const last = heard.findLast((h) => groupOf(h) === group);
        const known = last === undefined ? [] : firingOf(last);
        const fires = truth
          .filter((f) => f.group === group && f.toMs > settledMs)
          .map((f) => f.name);
        if (known.join() !== fires.sort().join())
          return `group ${group}: ${fires.join(" ") || "nothing"} fires, known is ${known.join(" ") || "nothing"}`;
      }
      return undefined;
    });
  });

  it("lose nothing: whatever lasts is told while it lasts", () => {
    check(({ truth }, heard) => {
      for (const f of truth) {
        const untilMs = f.fromMs + TOLD_WITHIN_MS;
        if (f.toMs < untilMs) continue;
        const told = heard.some(
          (h) => h.atMs >= f.fromMs && h.atMs <= untilMs && firingOf(h).includes(f.name),
        );
        const known = heard.findLast((h) => groupOf(h) === f.group && h.atMs < f.fromMs);
        if (!told && !(known !== undefined && firingOf(known).includes(f.name)))
          return `${f.name} fires from ${clock(f.fromMs)} on and is not told`;
      }
      return undefined;
    });
  });

  it("tell nothing that is not so", () => {
    check(({ truth, script }, heard) => {
      for (const h of heard) {
        for (const name of firingOf(h))
          if (!near(truth, name, h.atMs, true)) return `${name} does not fire: ${render(h)}`;
        // A step forward by almost a lifetime leaves too little of it for the next word.
        const stepped = script.steps.some(
          (x) =>
            x.verb === "clock" && x.byMs > 0 && x.atMs <= h.atMs && x.atMs > h.atMs - LIFETIME_MS,
        );
        for (const name of stepped ? [] : resolvedOf(h))
          if (!near(truth, name, h.atMs, false)) return `${name} fires: ${render(h)}`;
      }
      return undefined;
    });
  });

  it("tell nothing twice within the repeat interval, but what a receiver died of", () => {
    check((faults, heard) => {
      let twice = 0;
      let example = "";
      for (const group of ["A", "B", "C"]) {
        const lane = heard.filter((h) => groupOf(h) === group);
        let before: Heard | undefined;
        for (const h of lane) {
          const due =
            before === undefined ||
            news(before, h) ||
            elapsed(faults, before.atMs, h.atMs) >= faults.repeatMs - LATE_MS;
          if (due) before = h;
          else {
            twice++;
            example = `${before === undefined ? "" : render(before)}\n${render(h)}`;
          }
        }
      }
      return twice > faults.duplicates ? `${twice} times told again:\n${example}` : undefined;
    });
  });
});

const groupOf = (h: Heard): string => /alertname="(\w)"/.exec(h.groupKey)?.[1] ?? "";
function firingOf(h: Heard): string[] {
  return membersOf(h).filter((m) => !m.startsWith("-"));
}

function resolvedOf(h: Heard): string[] {
  return membersOf(h)
    .filter((m) => m.startsWith("-"))
    .map((m) => m.slice(1));
}

function membersOf(h: Heard): string[] {
  return h.words.split(" ").slice(1).sort();
}

/** Whether the second message says something that the first did not. */
function news(before: Heard, h: Heard): boolean {
  const known = new Set(firingOf(before));
  if (firingOf(h).some((m) => !known.has(m))) return true;
  const ended = new Set(resolvedOf(before));
  return resolvedOf(h).some((m) => !ended.has(m)) || (known.size > 0 && firingOf(h).length === 0);
}

function near(truth: readonly Firing[], name: string, atMs: number, fires: boolean): boolean {
  const own = truth.filter((f) => f.name === name);
  const from = atMs - STALE_MS;
  if (fires) return own.some((f) => f.fromMs <= atMs && f.toMs >= from);
  // Some moment of the stretch in which it did not fire.
  return !own.some((f) => f.fromMs <= from && f.toMs > atMs);
}

/** Time as the router saw it pass: true time and the steps forward. */
function elapsed({ script }: FaultScript, fromMs: number, toMs: number): number {
  const steps = script.steps.filter(
    (s) => s.verb === "clock" && s.atMs >= fromMs && s.atMs <= toMs,
  );
  return steps.reduce((ms, s) => ms + Math.max(0, s.verb === "clock" ? s.byMs : 0), toMs - fromMs);
}
