import type { AnalyticsSink } from "../core/events";
import { POINT_LIMITS, type Point, eventPoint, rollupPoint, weighEvents } from "../events/points";

/** What is left of an invocation's points; one per request, alarm or scheduled run. */
export interface PointAllowance {
  left: number;
}

export function pointAllowance(): PointAllowance {
  return { left: POINT_LIMITS.pointsPerInvocation };
}

/**
 * Points to Analytics Engine. Without the binding nothing is written: totals then come from D1. Points beyond
 * the invocation's allowance would be dropped silently by the platform; events are weighed into what is left instead.
 */
export function makeAnalyticsSink(
  dataset: AnalyticsEngineDataset | undefined,
  projectId: string,
  allowance: PointAllowance,
): AnalyticsSink {
  const write = (point: Point): void => {
    allowance.left--;
    dataset?.writeDataPoint({
      indexes: [...point.indexes],
      blobs: [...point.blobs],
      doubles: [...point.doubles],
    });
  };
  return {
    writeEvents(events) {
      if (dataset === undefined || events.length === 0) return;
      const room = Math.min(POINT_LIMITS.eventPoints, allowance.left);
      if (room <= 0) return;
      for (const e of weighEvents(events, room)) write(eventPoint(projectId, e));
    },
    writeRollupPoints(points) {
      const fitting = points.slice(0, Math.max(0, allowance.left));
      for (const p of fitting) write(rollupPoint(projectId, p));
      return fitting.length;
    },
  };
}
