import type { FiringSet } from "../core/alerts";
import { renderDuration } from "../core/duration";
import type { Heartbeat, HeartbeatSpec, HeartbeatStatus, MissingReason, Ping } from "./model";
import { expectedAfter } from "./schedule";

/** Pings that a heartbeat remembers. */
export const PINGS_KEPT = 20;
export const NOTE_CHARS = 1_000;
/** An alert stands for so long without being told again, which happens each minute. */
const LIFETIME_MS = 5 * 60_000;

export function newHeartbeat(spec: HeartbeatSpec, keyId: string, nowMs: number): Heartbeat {
  return { spec, keyId, sinceMs: nowMs, pings: [], untold: false };
}

/**
 * The heartbeat under another configuration. Pings, and what they said, stay; a new schedule, or the
 * end of a pause, expects the next ping from now on.
 */
export function respecify(h: Heartbeat, spec: HeartbeatSpec, nowMs: number): Heartbeat {
  const sameTimes =
    JSON.stringify(h.spec.schedule) === JSON.stringify(spec.schedule) &&
    h.spec.paused === spec.paused;
  const { missing, removed: _, runningSinceMs, ...rest } = h;
  // The alert's labels may have changed: the router hears of it whatever it is.
  const untold = h.untold || missing !== undefined;
  if (sameTimes)
    return {
      ...rest,
      spec,
      untold,
      ...(missing === undefined ? {} : { missing }),
      ...(runningSinceMs === undefined ? {} : { runningSinceMs }),
    };
  return { ...rest, spec, sinceMs: nowMs, untold };
}

/** The heartbeat after a ping. */
export function pinged(h: Heartbeat, ping: Ping): Heartbeat {
  const runMs =
    ping.kind !== "start" && h.runningSinceMs !== undefined
      ? Math.max(0, ping.atMs - h.runningSinceMs)
      : undefined;
  const kept: Ping = { ...ping, ...(runMs === undefined ? {} : { runMs }) };
  const { missing, runningSinceMs: _, ...rest } = h;
  const next = { ...rest, pings: [kept, ...h.pings].slice(0, PINGS_KEPT) };
  switch (ping.kind) {
    case "start":
      return { ...next, ...(missing === undefined ? {} : { missing }), runningSinceMs: ping.atMs };
    case "success":
      return {
        ...next,
        lastSuccessMs: Math.max(ping.atMs, h.lastSuccessMs ?? 0),
        untold: h.untold || missing !== undefined,
      };
    case "fail":
      if (h.spec.paused) return next;
      return {
        ...next,
        missing: { sinceMs: missing?.sinceMs ?? ping.atMs, reason: "failed" },
        untold: true,
      };
  }
}

/** When the heartbeat is missed unless it is pinged before; undefined where it is paused, or missed already. */
export function dueAt(h: Heartbeat): number | undefined {
  if (h.spec.paused || h.removed === true || h.missing !== undefined) return undefined;
  if (h.runningSinceMs !== undefined && h.spec.maxRunMs !== undefined)
    return h.runningSinceMs + h.spec.maxRunMs;
  const expected = expectedAt(h);
  return expected === undefined ? undefined : expected + h.spec.graceMs;
}

/** When the next ping is expected. */
export function expectedAt(h: Heartbeat): number | undefined {
  return expectedAfter(h.spec.schedule, Math.max(h.lastSuccessMs ?? 0, h.sinceMs));
}

/** The heartbeat as time has it. The same object where nothing changed. */
export function aged(h: Heartbeat, nowMs: number): Heartbeat {
  const due = dueAt(h);
  if (due === undefined || due > nowMs) return h;
  const overrun = h.runningSinceMs !== undefined && h.spec.maxRunMs !== undefined;
  const reason: MissingReason = overrun ? "overrun" : "missed";
  return { ...h, missing: { sinceMs: due, reason }, untold: true };
}

export function statusOf(h: Heartbeat, nowMs: number): HeartbeatStatus {
  if (h.spec.paused) return "paused";
  if (h.missing !== undefined) return "missing";
  if (h.runningSinceMs !== undefined) return "running";
  const expected = expectedAt(h);
  if (expected !== undefined && expected <= nowMs) return "late";
  return h.lastSuccessMs === undefined ? "new" : "up";
}

/** What the router is told of a heartbeat: its full set, which is one alert or none. */
export function firingSetOf(
  h: Heartbeat,
  generation: number,
  nowMs: number,
  externalUrl: string,
): FiringSet {
  const { missing, spec } = h;
  const silent = missing === undefined || spec.paused || h.removed === true;
  return {
    source: `heartbeat/${spec.name}`,
    generation,
    evaluatedAtMs: nowMs,
    alerts: silent
      ? []
      : [
          {
            labels: {
              alertname: "HeartbeatMissing",
              severity: spec.severity,
              ...spec.labels,
              heartbeat: spec.name,
            },
            annotations: {
              summary: `Heartbeat ${spec.name}: ${SUMMARY[missing.reason]}`,
              description: descriptionOf(h),
              ...spec.annotations,
            },
            // A clock that was set back has not seen the deadline yet.
            startsAtMs: Math.min(missing.sinceMs, nowMs),
            endsAtMs: nowMs + LIFETIME_MS,
            status: "firing",
            generatorUrl: externalUrl === "" ? "" : `${externalUrl}/alerts`,
            value: 1,
          },
        ],
  };
}

const SUMMARY: Readonly<Record<MissingReason, string>> = {
  missed: "no ping in time",
  overrun: "a run takes too long",
  failed: "the job says that it failed",
};

function descriptionOf({ spec, lastSuccessMs, pings, missing }: Heartbeat): string {
  const { schedule } = spec;
  const when =
    schedule.kind === "every"
      ? `every ${renderDuration(schedule.everyMs)}`
      : `at ${schedule.pattern} (${schedule.timeZone})`;
  const last =
    lastSuccessMs === undefined ? "it was never pinged" : `last pinged at ${iso(lastSuccessMs)}`;
  const failed = missing?.reason === "failed" ? pings.find((p) => p.kind === "fail") : undefined;
  const code = failed?.exitCode === undefined ? "" : `; exit code ${failed.exitCode}`;
  const note = failed?.note === undefined ? "" : `: ${failed.note}`;
  return `Expected ${when} with ${renderDuration(spec.graceMs)} of grace; ${last}${code}${note}`;
}

const iso = (ms: number): string => new Date(ms).toISOString();
