import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFlap, takeDamping } from "../../src/alerting/damping";
import type { RoutedAlert } from "../../src/alerting/model";
import type { AlertInstance, FlapSettings } from "../../src/core/alerts";
import type { Script, Step } from "./timeline/script";
import { type Heard, play } from "./timeline/world";

const MINUTE = 60_000;

it.each<[string, FlapSettings | undefined]>([
  ["4 in 10m", { changes: 4, withinMs: 600_000, calmMs: 600_000 }],
  ["4 in 10m, calm 1h30m", { changes: 4, withinMs: 600_000, calmMs: 5_400_000 }],
  [" 3 in 1d calm 5m ", { changes: 3, withinMs: 86_400_000, calmMs: 300_000 }],
  ["2 in 10m", undefined],
  ["101 in 10m", undefined],
  ["4 in 8d", undefined],
  ["4 in 0s", undefined],
  ["4 in soon", undefined],
  ["4", undefined],
  ["", undefined],
])("reads %j", (text, expected) => {
  const read = parseFlap(text);
  expect(read.ok ? read.value : undefined).toEqual(expected);
});

it("takes damping from whoever posts an alert by its annotations, and forgets it with them", () => {
  const alert = {} as RoutedAlert; // the fields of damping alone
  const instance = (annotations: Record<string, string>): AlertInstance => ({
    labels: {},
    annotations,
    startsAtMs: 0,
    endsAtMs: 0,
    status: "firing",
    generatorUrl: "",
    value: 0,
  });
  takeDamping(alert, instance({ vedette_cooldown: "15m", vedette_flap: "4 in 10m" }));
  expect(alert).toEqual({
    cooldownMs: 900_000,
    flap: { changes: 4, withinMs: 600_000, calmMs: 600_000 },
  });
  takeDamping(alert, instance({ vedette_cooldown: "soon", vedette_flap: "often" }));
  expect(alert).toEqual({});
});

const YAML = `
route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1m, repeat_interval: 200h}
receivers:
  - name: hook
    webhook_configs: [{url: "http://h/"}]
`;
const labels = { alertname: "A" };

interface Course {
  /** Minutes between the alert's changes; it begins to fire at the first. */
  readonly gaps: readonly number[];
  readonly cooldownMs: number | undefined;
  readonly flap: FlapSettings | undefined;
  readonly window: { readonly from: number; readonly minutes: number } | undefined;
  /** Minutes at which the router loses its memory, or dies of its next decision. */
  readonly deaths: readonly { readonly at: number; readonly kill: boolean }[];
}

const courses: fc.Arbitrary<Course> = fc.record({
  gaps: fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 40 })), {
    minLength: 1,
    maxLength: 14,
  }),
  cooldownMs: fc.option(
    fc.integer({ min: 1, max: 40 }).map((m) => m * MINUTE),
    { nil: undefined },
  ),
  flap: fc.option(
    fc.record({
      changes: fc.integer({ min: 3, max: 5 }),
      withinMs: fc.integer({ min: 5, max: 15 }).map((m) => m * MINUTE),
      calmMs: fc.integer({ min: 2, max: 15 }).map((m) => m * MINUTE),
    }),
    { nil: undefined },
  ),
  window: fc.option(
    fc.record({
      from: fc.integer({ min: 0, max: 60 }),
      minutes: fc.integer({ min: 1, max: 90 }),
    }),
    { nil: undefined },
  ),
  deaths: fc.array(fc.record({ at: fc.integer({ min: 0, max: 120 }), kill: fc.boolean() }), {
    maxLength: 3,
  }),
});

interface Played {
  readonly heard: readonly Heard[];
  /** When the alert changed, ms; at even places it began to fire. */
  readonly changes: readonly number[];
  readonly endMs: number;
}

function played(course: Course): Played {
  const steps: Step[] = [];
  const changes: number[] = [];
  let minute = 0;
  const source = "timeline/rules";
  course.gaps.forEach((gap, i) => {
    minute += gap;
    // Off the minutes, at which groups are flushed and windows turn.
    const at = { atMs: minute * MINUTE + 7_000, line: 0 };
    changes.push(at.atMs);
    if (i % 2 === 1) steps.push({ ...at, verb: "resolve", labels, source });
    else
      steps.push({
        ...at,
        verb: "fire",
        labels,
        source,
        heldMs: undefined,
        sinceMs: undefined,
        cooldownMs: course.cooldownMs,
        flap: course.flap,
      });
  });
  if (course.window !== undefined)
    steps.push({
      atMs: 0,
      line: 0,
      verb: "window",
      name: "w",
      matchers: `{alertname="A"}`,
      fromMs: course.window.from * MINUTE,
      forMs: course.window.minutes * MINUTE,
      daily: undefined,
      notify: undefined,
    });
  for (const { at, kill } of course.deaths) {
    const when = { atMs: at * MINUTE + 11_000, line: 0 };
    steps.push(
      kill ? { ...when, verb: "kill", point: "after-store" } : { ...when, verb: "restart" },
    );
  }
  const endMs = (minute + 200) * MINUTE;
  const script: Script = {
    everyMs: 60_000,
    endMs,
    steps: [{ atMs: 0, line: 0, verb: "configure", yaml: YAML }, ...steps],
    expectations: [],
    names: new Map(),
  };
  return { heard: play(script).heard.filter((h) => h.integration === "hook"), changes, endMs };
}

const sent = (p: Played): Heard[] => p.heard.filter((h) => h.kind === "sent");
/** A killed router sends what it decided a minute later at the most. */
const LATE = MINUTE;

describe("whatever an alert does, and however often the router dies", () => {
  it("its receiver knows in the end how it is", () => {
    fc.assert(
      fc.property(courses, (course) => {
        const p = played(course);
        const fires = p.changes.length % 2 === 1;
        const last = sent(p).at(-1)?.words;
        if (fires) expect(last).toBe("firing A");
        else expect(last ?? "resolved -A").toBe("resolved -A");
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("no news of its firing follows another within its cooldown", () => {
    fc.assert(
      fc.property(courses, (course) => {
        const told = sent(played(course));
        let lastFiring: number | undefined;
        let firing = false;
        for (const h of told) {
          const now = h.words === "firing A";
          if (now && !firing && lastFiring !== undefined)
            expect(h.atMs - lastFiring).toBeGreaterThanOrEqual((course.cooldownMs ?? 0) - LATE);
          if (now) lastFiring = h.atMs;
          firing = now;
        }
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("nothing is said of it between that it flaps and that it is calm", () => {
    fc.assert(
      fc.property(courses, (course) => {
        const p = played(course);
        const told = sent(p);
        told.forEach((h, i) => {
          if (h.reason !== "flapping") return;
          const until = told[i + 1]?.atMs ?? p.endMs;
          // A cooldown may have kept the word back since it began to flap.
          const since = p.changes.findLast((c) => c <= h.atMs) ?? 0;
          const within = [...p.changes.filter((c) => c >= since && c <= until), until];
          const calm = Math.max(...within.slice(1).map((t, n) => t - (within[n] as number)));
          expect(calm).toBeGreaterThanOrEqual((course.flap?.calmMs ?? 0) - LATE);
        });
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("nobody hears of it while a maintenance window holds", () => {
    fc.assert(
      fc.property(courses, (course) => {
        const { window } = course;
        if (window === undefined) return;
        const from = window.from * MINUTE;
        const until = from + window.minutes * MINUTE;
        for (const h of sent(played(course)))
          expect(h.atMs > from + LATE && h.atMs < until).toBe(false);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
