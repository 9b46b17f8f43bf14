import type { Job } from "./job";
import { tickCheck } from "./tick-check";

/** Everything that runs on schedule. */
export const JOBS: readonly Job[] = [tickCheck];
