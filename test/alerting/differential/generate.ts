import type { StringMap } from "../../../src/core/alerts";
import type { RouterConfig } from "../../../src/alerting/config";
import { parseRouterConfig } from "../../../src/alerting/config-parse";
import { type Case, type CaseEvent, RUN_MS, randomAlerts, randomEvent, randomSetup } from "./case";
import { configurationOf } from "./configuration";
import { AS_ALERTMANAGER_025, type TimedInput, runOurs } from "./ours";
import { Random } from "./random";

/** Nothing happens so close to a flush: which of the two comes first would be chance in a real process. */
const APART_MS = 220;
const TRIES = 12;

/** A case from a seed. `boundaryMs`: from the run's beginning, where the time intervals change. */
export function generateCase(seed: number, id: string, boundaryMs: number): Case {
  const r = new Random(seed);
  const startMs = alignedStart(NOON_MS, boundaryMs);
  for (;;) {
    const setup = randomSetup(r, id);
    const config = parseConfiguration(
      configurationOf([setup], "http://127.0.0.1:1", startMs + boundaryMs),
    );
    const alerts = randomAlerts(r, id);
    const events: CaseEvent[] = [];
    for (let n = r.int(4, 11); n > 0; n--) {
      for (let tries = 0; tries < TRIES; tries++) {
        const next = randomEvent(r, alerts, events);
        if (!settled(config, id, [...events, next], startMs, boundaryMs)) continue;
        events.push(next);
        break;
      }
    }
    const endMs = settledEnd(config, id, events, startMs);
    if (endMs === undefined || events.every((e) => e.kind !== "post")) continue;
    return { ...setup, events: events.sort((a, b) => a.atMs - b.atMs), endMs };
  }
}

/** The beginning, at which `boundaryMs` later a minute is full: about noon, as no time interval crosses midnight. */
export function alignedStart(afterMs: number, boundaryMs: number): number {
  const boundary = Math.ceil((afterMs + boundaryMs) / 60_000) * 60_000;
  const midnight = boundary % 86_400_000 === 0;
  return boundary - boundaryMs + (midnight ? 60_000 : 0);
}

const NOON_MS = 1_767_614_400_000;

export function parseConfiguration(text: string): RouterConfig {
  const parsed = parseRouterConfig(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** The inputs of a case's events for a run that began at `startMs`; `at` gives when each really happened. */
export function inputsOf(
  id: string,
  events: readonly CaseEvent[],
  startMs: number,
  at: (event: CaseEvent) => number = (e) => startMs + e.atMs,
): TimedInput[] {
  return events.map((e): TimedInput => {
    const atMs = at(e);
    switch (e.kind) {
      case "post":
        return { kind: "post", atMs, alert: postedOf(e, startMs) };
      case "silence":
        return {
          kind: "silence",
          atMs,
          id: `${id}/${e.name}`,
          matchers: { case: id, [e.label]: e.value },
          endsAtMs: startMs + e.atMs + e.forMs,
        };
      case "expire":
        return { kind: "expire", atMs, id: `${id}/${e.name}` };
    }
  });
}

interface Posted {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly generatorUrl: string;
  readonly startsAtMs?: number;
  readonly endsAtMs?: number;
}

export function postedOf(e: Extract<CaseEvent, { kind: "post" }>, startMs: number): Posted {
  const atMs = startMs + e.atMs;
  return {
    labels: e.labels,
    annotations: { posted: String(e.atMs), summary: `${e.labels["alertname"] ?? ""} of a case` },
    generatorUrl: `http://g/${e.atMs}`,
    ...(e.startsInMs === undefined ? {} : { startsAtMs: atMs + e.startsInMs }),
    ...(e.endsInMs === undefined ? {} : { endsAtMs: atMs + e.endsInMs }),
  };
}

/** Whether no flush lies close to anything that could change what it says. */
function settled(
  config: RouterConfig,
  id: string,
  events: readonly CaseEvent[],
  startMs: number,
  boundaryMs: number,
): boolean {
  const run = runOurs(config, inputsOf(id, events, startMs), startMs + RUN_MS, AS_ALERTMANAGER_025);
  const times = events.map((e) => e.atMs).sort((a, b) => a - b);
  // Requests of one moment may overtake each other.
  if (times.some((ms, i) => i > 0 && ms - (times[i - 1] as number) < 60)) return false;
  const edges = [
    ...events.map((e) => startMs + e.atMs),
    ...events.flatMap((e) => (e.kind === "silence" ? [startMs + e.atMs + e.forMs] : [])),
    ...events.flatMap((e) =>
      e.kind === "post" && e.endsInMs !== undefined ? [startMs + e.atMs + e.endsInMs] : [],
    ),
    ...run.expiriesMs,
    startMs + boundaryMs,
  ].sort((a, b) => a - b);
  const close = (ms: number): boolean => edges.some((e) => Math.abs(e - ms) < APART_MS);
  if (run.surplus > 0 || run.flushesMs.some(close)) return false;
  // Nor two edges close to each other, but for those of one moment.
  return edges.every((e, i) => i === 0 || e === edges[i - 1] || e - (edges[i - 1] as number) > 60);
}

/** A moment near the end that no flush is close to. */
function settledEnd(
  config: RouterConfig,
  id: string,
  events: readonly CaseEvent[],
  startMs: number,
): number | undefined {
  const run = runOurs(
    config,
    inputsOf(id, events, startMs),
    startMs + RUN_MS + 1_000,
    AS_ALERTMANAGER_025,
  );
  for (let ms = RUN_MS; ms > RUN_MS - 3_000; ms -= 50)
    if (run.flushesMs.every((f) => Math.abs(f - startMs - ms) > APART_MS)) return ms;
  return undefined;
}
