import type { Job } from "./job";
import { repeatPushGroups } from "./repeat-push-groups";
import { tickCheck } from "./tick-check";

/** Everything that runs on schedule. */
export const JOBS: readonly Job[] = [repeatPushGroups, tickCheck];
