import { analyticsRollup } from "./analytics-rollup";
import { anomalyScan } from "./anomaly-scan";
import { dailyReport } from "./daily-report";
import type { Job } from "./job";
import { outboundWatchdog } from "./outbound-watchdog";
import { repeatPushGroups } from "./repeat-push-groups";
import { retention } from "./retention";
import { tickCheck } from "./tick-check";

/** Everything that runs on schedule. */
export const JOBS: readonly Job[] = [
  tickCheck,
  outboundWatchdog,
  repeatPushGroups,
  analyticsRollup,
  anomalyScan,
  retention,
  dailyReport,
];
