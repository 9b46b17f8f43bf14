import { analyticsRollup } from "./analytics-rollup";
import { anomalyScan } from "./anomaly-scan";
import { dailyReport } from "./daily-report";
import type { Job } from "./job";
import { repeatPushGroups } from "./repeat-push-groups";
import { retention } from "./retention";
import { tickCheck } from "./tick-check";

/** Everything that runs on schedule. */
export const JOBS: readonly Job[] = [
  tickCheck,
  repeatPushGroups,
  analyticsRollup,
  anomalyScan,
  retention,
  dailyReport,
];
