import { describe, expect, it } from "vitest";
import type { Silence } from "../../src/alerting/model";
import {
  type SilenceInput,
  MAX_SILENCES,
  expireSilence,
  matchersOf,
  putSilence,
} from "../../src/alerting/silence-input";
import { indexSilences, holdersOf } from "../../src/alerting/hold-index";
import { ordinarySilence, silenceView } from "../../src/alerting/silences";
import { emptyState } from "../../src/alerting/state";

const HOUR = 3_600_000;
/** A Monday, 00:00 UTC. */
const T0 = Date.UTC(2026, 0, 5);

const input = (over: Partial<SilenceInput> = {}): SilenceInput => ({
  matchers: [{ type: "=", name: "alertname", value: "A" }],
  startsAtMs: T0,
  endsAtMs: T0 + HOUR,
  createdBy: "me",
  comment: "",
  ...over,
});
const daily = (start_time: string, end_time: string): Partial<SilenceInput> => ({
  startsAtMs: undefined,
  endsAtMs: undefined,
  schedule: { intervals: [{ times: [{ start_time, end_time }] }], last: "2026-01-07" },
});
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

function made(state = emptyState(), over: Partial<SilenceInput> = {}, now = T0): Silence {
  const r = putSilence(state, input(over), "s1", now);
  if (!r.ok) throw new Error(r.error.reason);
  return r.value;
}

it.each<[string, Partial<SilenceInput>]>([
  ["no_matchers", { matchers: [] }],
  ["matches_everything", { matchers: [{ type: "=~", name: "a", value: ".*" }] }],
  ["no_times", { startsAtMs: undefined }],
  ["ended_already", { startsAtMs: T0 - 2, endsAtMs: T0 - 1 }],
  ["ends_before_it_starts", { startsAtMs: T0 + 2 * HOUR }],
  ["unknown_id", { id: "nobody" }],
  ["interval_wrong", { schedule: { intervals: [{ weekdays: ["someday"] }] } }],
  ["never_occurs", { schedule: { intervals: [{ years: ["1999"] }] } }],
])("refuses a silence: %s", (reason, over) => {
  const r = putSilence(emptyState(), input(over), "s1", T0);
  expect(r.ok ? "taken" : r.error.reason).toBe(reason);
});

it("refuses more than a project may have", () => {
  const state = emptyState();
  for (let i = 0; i < MAX_SILENCES; i++) putSilence(state, input(), `s${i}`, T0);
  const r = putSilence(state, input(), "more", T0);
  expect(r.ok ? undefined : r.error).toEqual({ reason: "too_many", limit: MAX_SILENCES });
});

describe("a silence that recurs", () => {
  const state = emptyState();
  const silence = made(state, daily("22:00", "02:00"), T0 + HOUR);
  const held = (ms: number): boolean =>
    holdersOf(indexSilences(state.silences.values(), ms), { alertname: "A" }).length > 0;

  it("holds in its stretches, from the one that runs on to the last day's end", () => {
    const hours = Array.from({ length: 80 }, (_, h) => h).filter((h) => held(T0 + h * HOUR));
    // What lies before it was made, and after the last day, is none of its.
    expect(hours).toEqual([1, 22, 23, 24, 25, 46, 47, 48, 49, 70, 71]);
  });

  it("shows the stretch that holds and the one that comes next", () => {
    const now = silenceView(silence, T0 + 23 * HOUR);
    expect(now.state).toBe("active");
    expect(iso(now.occurrence?.startMs ?? 0)).toBe("2026-01-05T22:00");
    expect(iso(now.next?.startMs ?? 0)).toBe("2026-01-06T22:00");
    const between = silenceView(silence, T0 + 12 * HOUR);
    expect([between.state, between.occurrence]).toEqual(["pending", undefined]);
    expect(silenceView(silence, T0 + 72 * HOUR).state).toBe("expired");
  });

  it("is an ordinary one to those who know no others", () => {
    const shown = ordinarySilence(silenceView(silence, T0 + 23 * HOUR));
    expect([iso(shown.startsAtMs), iso(shown.endsAtMs), shown.state]).toEqual([
      "2026-01-05T22:00",
      "2026-01-06T02:00",
      "active",
    ]);
    const next = ordinarySilence(silenceView(silence, T0 + 12 * HOUR));
    expect([iso(next.startsAtMs), next.state]).toEqual(["2026-01-05T22:00", "pending"]);
  });

  it("is bounded by a start and an end where it has them", () => {
    const s = made(emptyState(), {
      ...daily("22:00", "02:00"),
      startsAtMs: T0 + 30 * HOUR,
      endsAtMs: T0 + 47 * HOUR,
    });
    const next = silenceView(s, T0 + HOUR).next;
    expect([iso(next?.startMs ?? 0), iso(next?.endMs ?? 0)]).toEqual([
      "2026-01-06T22:00",
      "2026-01-06T23:00",
    ]);
  });

  it("ends for good when it is expired", () => {
    expect(expireSilence(state, "s1", T0 + 23 * HOUR)).toBe(true);
    expect(expireSilence(state, "s1", T0 + 23 * HOUR)).toBe(false);
    expect(held(T0 + 23 * HOUR)).toBe(false);
    expect(held(T0 + 47 * HOUR)).toBe(false);
  });
});

describe("matchers from an alert", () => {
  const labels = { alertname: "A", instance: "i-1", "weird name": 'a"b' };

  it("take all of its labels, or those that are named", () => {
    const all = matchersOf(labels, undefined);
    expect(all.ok && all.value.map((m) => `${m.name}${m.type}${m.value}`)).toEqual([
      "alertname=A",
      "instance=i-1",
      'weird name=a"b',
    ]);
    const one = matchersOf(labels, ["instance", "instance"]);
    expect(one.ok && one.value).toEqual([{ type: "=", name: "instance", value: "i-1" }]);
  });

  it("are refused for a label that it has not", () => {
    for (const name of ["pod", "constructor"]) {
      const r = matchersOf(labels, [name]);
      expect(r.ok ? undefined : r.error).toEqual({ reason: "label_absent", name });
    }
  });
});
