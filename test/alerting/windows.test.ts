import { expect, it } from "vitest";
import { emptyOutcome, emptyState } from "../../src/alerting/state";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { type WindowInput, makeWindow } from "../../src/alerting/window-input";
import {
  cancelWindow,
  dropOldWindows,
  nextTurnMs,
  turnWindows,
} from "../../src/alerting/window-turns";
import { windowHolds, windowView } from "../../src/alerting/windows";

const HOUR = 3_600_000;
/** A Monday, 00:00 UTC. */
const T0 = Date.UTC(2026, 0, 5);
const parsed = parseRouterConfig("route: {receiver: r}\nreceivers: [{name: r}]\n");
if (!parsed.ok) throw new Error(parsed.error.message);
const settings = { projectId: "p", config: parsed.value, externalUrl: "" };

const input = (over: Partial<WindowInput> = {}): WindowInput => ({
  name: "deploy",
  matchers: [{ type: "=", name: "alertname", value: "A" }],
  startsAtMs: T0 + HOUR,
  endsAtMs: T0 + 3 * HOUR,
  comment: "",
  ...over,
});

function world() {
  const state = emptyState();
  const seen: string[] = [];
  const step = <T>(now: number, work: (out: ReturnType<typeof emptyOutcome>) => T): T => {
    const out = emptyOutcome();
    const result = work(out);
    for (const e of out.log) seen.push(`${(e.atMs - T0) / HOUR}h ${e.reason}`);
    expect(now).toBeGreaterThanOrEqual(T0);
    return result;
  };
  const put = (hours: number, over: Partial<WindowInput> = {}) =>
    step(T0 + hours * HOUR, (out) =>
      makeWindow(state, settings, input(over), { newId: "w", by: "me" }, T0 + hours * HOUR, out),
    );
  const turn = (hours: number): void =>
    step(T0 + hours * HOUR, (out) => turnWindows(state, settings, T0 + hours * HOUR, out));
  const cancel = (hours: number) =>
    step(T0 + hours * HOUR, (out) =>
      cancelWindow(state, settings, "w", "me", T0 + hours * HOUR, out),
    );
  const due = (): number | undefined => {
    const ms = nextTurnMs(state);
    return ms === undefined ? undefined : (ms - T0) / HOUR;
  };
  return { state, seen, put, turn, cancel, due };
}

it("starts and ends at its times, each once, and tells when it turns next", () => {
  const w = world();
  w.put(0);
  expect(w.due()).toBe(1);
  w.turn(0.5);
  w.turn(1);
  w.turn(1);
  expect(w.due()).toBe(3);
  w.turn(3);
  w.turn(4);
  expect(w.due()).toBeUndefined();
  expect(w.seen).toEqual(["0h window_created", "1h window_started", "3h window_ended"]);
  expect(w.state.windows.get("w")?.events.map((e) => `${e.kind} by ${e.by}`)).toEqual([
    "window_created by me",
    "window_started by vedette",
    "window_ended by vedette",
  ]);
});

it("says the true times where the timer was late", () => {
  const w = world();
  w.put(0, {
    startsAtMs: undefined,
    endsAtMs: undefined,
    schedule: { intervals: [{ times: [{ start_time: "06:00", end_time: "07:00" }] }] },
  });
  w.turn(6.5);
  // The end of one, and the next one's start, at once; one that was missed as a whole never was.
  w.turn(24 + 6.25);
  w.turn(3 * 24 + 6.75);
  expect(w.seen).toEqual([
    "0h window_created",
    "6h window_started",
    "7h window_ended",
    "30h window_started",
    "31h window_ended",
    "78h window_started",
  ]);
  expect(w.due()).toBe(79);
});

it("holds by the clock also before its timer has run, and lets go in time", () => {
  const w = world();
  w.put(0);
  const holds = (hours: number): boolean =>
    [...w.state.windows.values()].some((x) => windowHolds(x, T0 + hours * HOUR));
  expect([0.9, 1, 2.9, 3].map(holds)).toEqual([false, true, true, false]);
  w.turn(1);
  expect([1, 2.9, 3].map(holds)).toEqual([true, true, false]);
});

it("changes while it holds without ending, and ends where the change lets go", () => {
  const w = world();
  w.put(0, { startsAtMs: T0 });
  w.put(1, { id: "w", name: "longer", startsAtMs: T0, endsAtMs: T0 + 9 * HOUR });
  expect(w.state.windows.get("w")).toMatchObject({
    startsAtMs: T0,
    endsAtMs: T0 + 9 * HOUR,
    running: { startMs: T0, endMs: T0 + 9 * HOUR },
  });
  w.put(2, { id: "w", startsAtMs: T0 + 5 * HOUR, endsAtMs: T0 + 6 * HOUR });
  expect(w.state.windows.get("w")?.running).toBeUndefined();
  expect(w.due()).toBe(5);
  expect(w.seen).toEqual([
    "0h window_created",
    "0h window_started",
    "1h window_changed",
    "2h window_changed",
    "2h window_ended",
  ]);
});

it("has ended at its own time for whoever changes it before the timer has run", () => {
  const w = world();
  w.put(0, { startsAtMs: T0 });
  expect(w.put(4, { id: "w", endsAtMs: T0 + 9 * HOUR })).toEqual({
    ok: false,
    error: { reason: "over" },
  });
  expect(w.seen.slice(2)).toEqual(["3h window_ended"]);
});

it("is cancelled once, ends where it held, and then takes no change", () => {
  const w = world();
  w.put(0, { startsAtMs: T0 });
  expect(w.cancel(1)?.running).toBeUndefined();
  expect(w.cancel(2)).toBeUndefined();
  expect(w.put(2, { id: "w" })).toEqual({ ok: false, error: { reason: "over" } });
  expect(w.seen.slice(2)).toEqual(["1h window_cancelled", "1h window_ended"]);
  const window = w.state.windows.get("w");
  expect(window && windowView(window, T0 + 2 * HOUR).state).toBe("cancelled");
  dropOldWindows(w.state, T0 + 24 * HOUR);
  expect(w.state.windows.size).toBe(1);
  dropOldWindows(w.state, T0 + 31 * 24 * HOUR);
  expect(w.state.windows.size).toBe(0);
});

it.each<[string, Partial<WindowInput>]>([
  ["receiver_unknown", { notify: "nobody" }],
  ["unknown_id", { id: "nobody" }],
  ["matches_everything", { matchers: [{ type: "=~", name: "a", value: ".*" }] }],
  ["no_times", { endsAtMs: undefined }],
])("refuses a window: %s", (reason, over) => {
  const made = world().put(0, over);
  expect(made.ok ? "taken" : made.error.reason).toBe(reason);
});
