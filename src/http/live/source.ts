import { textOf } from "../../core/long-text";
import { liveIncident } from "../../incidents/live";
import { boundEvent, boundLine } from "../../live/bounds";
import type { LiveSource } from "../../live/source";
import type { Deps } from "../deps";
import { evaluateFigures } from "./evaluate";
import { makeEventFigures } from "./event-figures";
import { liveEvent } from "../events/store-events";
import { loadFigureDefinitions } from "./definitions";
import { parseActiveAlerts } from "./active-alerts";

const MAX_INCIDENTS = 100;
const RECENT_EVENTS_MS = 15 * 60_000;
const RECENT_LOGS_MS = 15 * 60_000;
/** Clocks of senders differ. */
const MAX_AHEAD_MS = 60_000;

/** A project's present state through its ports. One per hub: it remembers the definitions for a while. */
export function makeLiveSource(deps: Deps, projectId: string): LiveSource {
  const definitions = loadFigureDefinitions(deps, projectId);
  const eventFigures = makeEventFigures(deps.events(projectId));
  return {
    async figures(nowMs) {
      return evaluateFigures(
        deps.metrics(projectId),
        eventFigures.figure,
        await definitions(nowMs),
        nowMs,
      );
    },
    async alerts() {
      return parseActiveAlerts(
        await textOf(await deps.objects(projectId).alertRouter().activeAlerts()),
      );
    },
    async incidents() {
      const newest = await deps.incidents(projectId).list({ limit: MAX_INCIDENTS });
      return newest.filter((i) => i.status !== "resolved").map(liveIncident);
    },
    async logs(limit, nowMs) {
      const { lines } = await deps.logs(projectId).search({
        terms: [],
        levels: [],
        fromMs: nowMs - RECENT_LOGS_MS,
        toMs: nowMs + MAX_AHEAD_MS,
        limit,
      });
      return lines
        .map(({ timeMs, level, service, message }) =>
          boundLine({ timeMs, level, service, message }),
        )
        .toReversed();
    },
    async events(limit, nowMs) {
      const events = await deps
        .events(projectId)
        .list({ fromMs: nowMs - RECENT_EVENTS_MS, toMs: nowMs + MAX_AHEAD_MS, limit });
      return events.map((e) => boundEvent(liveEvent(e))).toReversed();
    },
    stir: eventFigures.stir,
  };
}
