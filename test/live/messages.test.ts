import { expect, it } from "vitest";
import type { LiveAlert, LiveEvent, LiveIncident, LiveLogLine } from "../../src/core/live";
import { bound, MAX_LINES, MAX_REMEMBERED, remember, unseen } from "../../src/live/bounds";
import { leaseUntil, LEASE_MS } from "../../src/live/lease";
import {
  FRESH_PACE,
  MAX_LAG_MS,
  MAX_UNACKNOWLEDGED_BYTES,
  received,
  sent,
} from "../../src/live/pace";
import { applied, EMPTY_STATE, repairs, snapshotOf } from "../../src/live/state";
import { onlyTopics, parseTopics, TOPICS } from "../../src/live/topics";

const line = (n: number, message = `line ${n}`): LiveLogLine => ({
  timeMs: n,
  level: "info",
  service: "shop",
  message,
});
const event = (n: number): LiveEvent => ({
  timeMs: n,
  name: "signup",
  visitor: `v${n}`,
  properties: {},
});
const alert: LiveAlert = {
  fingerprint: "f",
  labels: { alertname: "A" },
  annotations: {},
  status: "firing",
  startsAtMs: 1,
  value: 1,
};
const incident: LiveIncident = {
  id: "i1",
  title: "Down",
  severity: "high",
  status: "open",
  openedAtMs: 1,
};

it("keeps a message to its newest lines and says how many it left out", () => {
  const lines = Array.from({ length: MAX_LINES + 30 }, (_, i) => line(i));
  const out = bound({ type: "logs", lines, dropped: 5 });
  expect(out).toEqual({ type: "logs", lines: lines.slice(30), dropped: 35 });
});

it("cuts long texts and many properties", () => {
  const out = bound({ type: "logs", lines: [line(1, "x".repeat(5_000))] });
  expect(out.type === "logs" && out.lines[0]?.message.length).toBe(2_001);
  const properties = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`p${i}`, "v"]));
  const cut = bound({ type: "events", events: [{ ...event(1), properties }] });
  expect(cut.type === "events" && Object.keys(cut.events[0]?.properties ?? {}).length).toBe(20);
});

it("remembers only the newest", () => {
  const many = Array.from({ length: MAX_REMEMBERED + 1 }, (_, i) => i);
  expect(remember([-1], many)).toEqual(many.slice(1));
});

it("finds what is stored but was not seen, as often as it occurs", () => {
  expect(unseen([line(1), line(1), line(2)], [line(1)])).toEqual([line(1), line(2)]);
});

it("leases while somebody watches", () => {
  expect(leaseUntil(0, 100)).toBe(0);
  expect(leaseUntil(3, 100)).toBe(100 + LEASE_MS);
});

it("closes a socket that does not read, and one that reads too late", () => {
  const full = sent(FRESH_PACE, MAX_UNACKNOWLEDGED_BYTES);
  expect(full).toMatchObject({ verdict: "keep" });
  expect(full.verdict === "keep" && sent(full.pace, 1)).toMatchObject({
    verdict: "close",
    code: 1013,
  });
  expect(received("ack:1000", 1000 + MAX_LAG_MS)).toEqual({ verdict: "keep", pace: FRESH_PACE });
  expect(received("ack:1000", 1001 + MAX_LAG_MS)).toMatchObject({ verdict: "close", code: 1013 });
  expect(received("hello", 0)).toMatchObject({ verdict: "close", code: 1008 });
});

it("keeps the state that the next snapshot shows", () => {
  let state = applied(EMPTY_STATE, { type: "alerts", alerts: [alert] });
  state = applied(state, { type: "incident", incident });
  state = applied(state, { type: "logs", lines: [line(1)] });
  state = applied(state, { type: "events", events: [event(1)] });
  state = applied(state, {
    type: "figures",
    atMs: 5,
    figures: { ...EMPTY_STATE.figures, requestRate: 3 },
    problem: "p95Seconds: too many samples",
  });
  expect(snapshotOf(state, 9)).toEqual({
    type: "snapshot",
    atMs: 9,
    figures: { ...EMPTY_STATE.figures, requestRate: 3 },
    alerts: [alert],
    incidents: [incident],
    logs: [line(1)],
    events: [event(1)],
    problem: "p95Seconds: too many samples",
  });
  const after = applied(
    applied(state, { type: "figures", atMs: 6, figures: EMPTY_STATE.figures }),
    { type: "incident", incident: { ...incident, status: "resolved" } },
  );
  expect(after.problem).toBeUndefined();
  expect(snapshotOf(after, 9).incidents).toEqual([]);
});

it("repairs what was missed and repeats nothing", () => {
  const state = applied(applied(EMPTY_STATE, { type: "logs", lines: [line(100)] }), {
    type: "incident",
    incident,
  });
  const stored = {
    alerts: [alert],
    incidents: [],
    logs: [line(50), line(100), line(101)],
    events: [event(102)],
  };
  expect(repairs(state, stored, 90)).toEqual([
    { type: "alerts", alerts: [alert] },
    { type: "incident", incident: { ...incident, status: "resolved" } },
    { type: "logs", lines: [line(101)] },
    { type: "events", events: [event(102)] },
  ]);
  expect(repairs(state, {}, 0)).toEqual([]);
});

it("reads topics, and shows a socket only its own", () => {
  expect(parseTopics(undefined)).toEqual({ topics: TOPICS });
  expect(parseTopics("alerts,logs,alerts")).toEqual({ topics: ["alerts", "logs"] });
  expect(parseTopics("alerts,weather")).toEqual({ unknown: "weather" });
  const state = applied(applied(EMPTY_STATE, { type: "alerts", alerts: [alert] }), {
    type: "logs",
    lines: [line(1)],
  });
  expect(onlyTopics(snapshotOf(state, 1), ["logs"])).toMatchObject({ alerts: [], logs: [line(1)] });
});
