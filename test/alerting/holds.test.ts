import { expect, it } from "vitest";
import type { FiringSet } from "../../src/core/alerts";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { moveToIncident, follows, receive, tick } from "../../src/alerting/router";
import {
  type Intent,
  type RouterSettings,
  emptyOutcome,
  emptyState,
} from "../../src/alerting/state";
import { makeWindow } from "../../src/alerting/window-input";
import { cancelWindow } from "../../src/alerting/window-turns";

const MINUTE = 60_000;
const T0 = 1_767_571_200_000;

function settings(): RouterSettings {
  const parsed = parseRouterConfig(`
route: {receiver: oncall, group_by: [team], group_wait: 0s, group_interval: 1m}
receivers:
  - name: oncall
    incident_configs: [{}]
`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { projectId: "p", config: parsed.value, externalUrl: "http://v" };
}

/** A router with one source, whose incidents are told of holds. */
class World {
  readonly state = emptyState();
  readonly settings = settings();
  readonly holds: string[] = [];
  private generation = 0;

  fire(minute: number, ...names: string[]): void {
    const now = T0 + minute * MINUTE;
    const set: FiringSet = {
      source: "s",
      generation: ++this.generation,
      evaluatedAtMs: now,
      alerts: names.map((name) => ({
        labels: { alertname: name, team: "t" },
        annotations: {},
        startsAtMs: T0,
        endsAtMs: now + 24 * 60 * MINUTE,
        status: "firing",
        generatorUrl: "",
        value: 1,
      })),
    };
    this.note(minute, receive(this.state, this.settings, set, now).intents);
  }

  tick(minute: number): void {
    this.note(minute, tick(this.state, this.settings, T0 + minute * MINUTE).intents);
  }

  window(minute: number, id: string, pattern: string, minutes: number): void {
    const now = T0 + minute * MINUTE;
    const out = emptyOutcome();
    const made = makeWindow(
      this.state,
      this.settings,
      {
        name: id.toUpperCase(),
        matchers: [{ type: "=~", name: "alertname", value: pattern }],
        startsAtMs: now,
        endsAtMs: now + minutes * MINUTE,
        comment: "",
      },
      { newId: id, by: "someone" },
      now,
      out,
    );
    expect(made.ok).toBe(true);
    this.note(minute, follows(this.state, this.settings, now, out).intents);
  }

  cancel(minute: number, id: string): void {
    const now = T0 + minute * MINUTE;
    const out = emptyOutcome();
    cancelWindow(this.state, this.settings, id, "someone", now, out);
    this.note(minute, follows(this.state, this.settings, now, out).intents);
  }

  private note(minute: number, intents: readonly Intent[]): void {
    for (const i of intents)
      if (i.kind === "hold") this.holds.push(`${minute}m ${i.windows.join("+") || "goes on"}`);
  }
}

it("holds an incident while each of its alerts is in a window, whichever, and lets it go on after", () => {
  const w = new World();
  w.fire(0, "A", "B");
  w.window(1, "a", "A", 60);
  expect(w.holds).toEqual([]);
  w.window(2, "b", "B", 30);
  w.tick(10);
  expect(w.holds).toEqual(["2m A+B"]);
  w.tick(32);
  expect(w.holds).toEqual(["2m A+B", "32m goes on"]);
});

it("follows alerts that join or resolve, and windows that are cancelled", () => {
  const w = new World();
  w.fire(0, "A");
  w.window(1, "a", "A", 600);
  w.fire(5, "A", "Out");
  w.tick(6);
  w.fire(10, "A");
  w.tick(11);
  w.cancel(20, "a");
  expect(w.holds).toEqual(["1m A", "5m goes on", "10m A", "20m goes on"]);
});

it("lets none go on whose last alert has ended and which is not told of it yet", () => {
  const w = new World();
  w.fire(0, "A");
  w.window(1, "a", "A", 600);
  w.fire(1.5);
  expect(w.holds).toEqual(["1m A"]);
  w.tick(2);
  expect(w.holds).toEqual(["1m A"]);
  expect([...w.state.told.values()].some((t) => t.incidentId !== undefined)).toBe(false);
});

it("tells the incident that follows one which a person resolved what holds it", () => {
  const w = new World();
  w.fire(0, "A");
  w.window(1, "a", "A", 600);
  const [told] = w.state.told.values();
  moveToIncident(w.state, told?.key ?? "", `${told?.incidentId}-r2`);
  w.tick(2);
  expect(w.holds).toEqual(["1m A", "2m A"]);
});

it("costs a steady evaluation no record", () => {
  const w = new World();
  w.fire(0, "A");
  w.window(1, "a", "A", 600);
  w.tick(2);
  for (const set of Object.values(w.state.dirty)) (set as Set<string>).clear();
  w.fire(2, "A");
  expect(Object.values(w.state.dirty).reduce((n, s: Set<string>) => n + s.size, 0)).toBe(0);
});
