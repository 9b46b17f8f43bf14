import fc from "fast-check";
import { expect, it } from "vitest";
import type { Script, Step } from "./timeline/script";
import { type Heard, play } from "./timeline/world";

/** Random courses of alerts of one group, some of which maintenance windows hold. */

const MINUTE = 60_000;
const SOURCE = "timeline/rules";
const NAMES = ["InA", "InB", "Out"] as const;
type Name = (typeof NAMES)[number];

const yaml = (groupBy: string): string => `
route: {receiver: hook, group_by: [${groupBy}], group_wait: 0s, group_interval: 1m, repeat_interval: 200h}
receivers:
  - name: hook
    webhook_configs: [{url: "http://h/"}]
`;

interface Course {
  readonly groupBy: string;
  readonly gaps: Readonly<Record<Name, readonly number[]>>;
  readonly windows: readonly { readonly from: number; readonly minutes: number }[];
  /** Cancels the first window. */
  readonly cancel: number | undefined;
  readonly restarts: readonly number[];
}

const gaps = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 0, maxLength: 8 });
const courses: fc.Arbitrary<Course> = fc.record({
  groupBy: fc.constantFrom("", "alertname"),
  gaps: fc.record({ InA: gaps, InB: gaps, Out: gaps }),
  windows: fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 100 }),
      minutes: fc.integer({ min: 1, max: 80 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  cancel: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  restarts: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 2 }),
});

interface Played {
  readonly sent: readonly Heard[];
  /** Whether each alert fires at the end. */
  readonly fires: ReadonlyMap<Name, boolean>;
  readonly windows: readonly { readonly from: number; readonly until: number }[];
}

function played(c: Course): Played {
  const steps: Step[] = [];
  const fires = new Map<Name, boolean>();
  let endMs = 0;
  NAMES.forEach((name, n) => {
    let minute = 0;
    c.gaps[name].forEach((gap, i) => {
      minute += gap;
      // Off the minutes, at which groups are flushed and windows turn, and off each other.
      const at = { atMs: minute * MINUTE + 5_000 * (n + 1), line: 0 };
      const labels = { alertname: name };
      if (i % 2 === 1) steps.push({ ...at, verb: "resolve", labels, source: SOURCE });
      else
        steps.push({
          ...at,
          verb: "fire",
          labels,
          source: SOURCE,
          heldMs: undefined,
          sinceMs: undefined,
          cooldownMs: undefined,
          flap: undefined,
        });
    });
    fires.set(name, c.gaps[name].length % 2 === 1);
    endMs = Math.max(endMs, minute * MINUTE);
  });
  const windows = c.windows.map(({ from, minutes }, i) => {
    const cancelled = i === 0 ? c.cancel : undefined;
    const until = Math.min(from + minutes, Math.max(from, cancelled ?? Number.POSITIVE_INFINITY));
    steps.push({
      atMs: 0,
      line: 0,
      verb: "window",
      name: `w${i}`,
      matchers: `{alertname=~"In."}`,
      fromMs: from * MINUTE,
      forMs: minutes * MINUTE,
      daily: undefined,
      notify: undefined,
    });
    if (cancelled !== undefined)
      steps.push({ atMs: cancelled * MINUTE, line: 0, verb: "cancel", name: "w0" });
    return { from: from * MINUTE, until: until * MINUTE };
  });
  for (const at of c.restarts) steps.push({ atMs: at * MINUTE + 31_000, line: 0, verb: "restart" });
  const script: Script = {
    everyMs: MINUTE,
    endMs: endMs + 200 * MINUTE,
    steps: [{ atMs: 0, line: 0, verb: "configure", yaml: yaml(c.groupBy) }, ...steps],
    expectations: [],
    names: new Map(),
  };
  const sent = play(script).heard.filter((h) => h.kind === "sent");
  return { sent, fires, windows };
}

function firesAt({ gaps: all }: Course, name: Name, ms: number): boolean {
  let at = 5_000 * (NAMES.indexOf(name) + 1);
  const changes = all[name].map((gap) => (at += gap * MINUTE));
  return changes.filter((c) => c <= ms).length % 2 === 1;
}

/** Whether a message says that an alert fires, or that it ended; undefined where it does not speak of it. */
function saidOf(h: Heard, name: Name): boolean | undefined {
  const [, ...members] = h.words.split(" ");
  if (members.includes(name)) return true;
  return members.includes(`-${name}`) ? false : undefined;
}

it("the receiver knows in the end how each alert is, whatever the windows kept from it", () => {
  fc.assert(
    fc.property(courses, (course) => {
      const { sent, fires } = played(course);
      for (const name of NAMES) {
        const last = sent.map((h) => saidOf(h, name)).findLast((said) => said !== undefined);
        expect([name, last ?? false]).toEqual([name, fires.get(name)]);
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);

it("inside a window there is no news of what it holds, and a message never says that all is over while what is known fires", () => {
  fc.assert(
    fc.property(courses, (course) => {
      const { sent, windows } = played(course);
      const known = new Map<Name, boolean>();
      for (const h of sent) {
        const inside = windows.some((w) => w.from < h.atMs && h.atMs < w.until);
        for (const name of ["InA", "InB"] as const) {
          const said = saidOf(h, name);
          if (inside && said !== undefined) expect([name, said]).toEqual([name, known.get(name)]);
        }
        for (const name of NAMES) {
          const said = saidOf(h, name);
          if (said !== undefined) known.set(name, said);
          // One group: what is resolved as a whole has none that fires and is known to.
          if (course.groupBy === "" && h.words.startsWith("resolved") && known.get(name) === true)
            expect([name, firesAt(course, name, h.atMs)]).toEqual([name, false]);
        }
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
