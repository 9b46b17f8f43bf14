import type { LiveSource } from "../../live/source";
import type { Deps } from "../deps";
import { evaluateFigures, type OtherFigure } from "./evaluate";
import { loadFigureDefinitions } from "./definitions";
import { parseActiveAlerts } from "./active-alerts";

/** A project's present state through its ports. One per hub: it remembers the definitions for a while. */
export function makeLiveSource(deps: Deps, projectId: string): LiveSource {
  const definitions = loadFigureDefinitions(deps, projectId);
  const other = otherFigures(deps, projectId);
  return {
    async figures(nowMs) {
      return evaluateFigures(deps.metrics(projectId), other, await definitions(nowMs), nowMs);
    },
    async alerts() {
      return parseActiveAlerts(await deps.objects(projectId).alertRouter().alerts());
    },
    async incidents() {
      return [];
    },
    async logs() {
      return [];
    },
    async events() {
      return [];
    },
  };
}

/** Figures that the product-event store answers. */
export function otherFigures(_deps: Deps, _projectId: string): OtherFigure {
  return async () => null;
}
