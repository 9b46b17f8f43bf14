import { fnv64 } from "../alerting/fingerprint";

/** The times at which a group is evaluated: every interval, shifted by a hash of its name so that groups spread. */
export interface Grid {
  readonly intervalMs: number;
  readonly offsetMs: number;
}

export function gridOf(key: string, intervalMs: number): Grid {
  return { intervalMs, offsetMs: Number.parseInt(fnv64(key).slice(-8), 16) % intervalMs };
}

/** The latest time of the grid that is not after `nowMs`. */
export function gridAt(grid: Grid, nowMs: number): number {
  return Math.floor((nowMs - grid.offsetMs) / grid.intervalMs) * grid.intervalMs + grid.offsetMs;
}

export function nextOnGrid(grid: Grid, nowMs: number): number {
  return gridAt(grid, nowMs) + grid.intervalMs;
}

/** A clock that stepped back further than this has been set: its times count anew. */
const CLOCK_SET_MS = 60_000;

export type GridVerdict =
  | { readonly evaluate: true; readonly atMs: number; readonly missed: number }
  | { readonly evaluate: false; readonly reason: "already_evaluated" };

/**
 * What an alarm at `nowMs` has to do. `expectedMs`: the time of the grid that was due
 * (undefined where nothing is known); what lies between it and now was missed.
 */
export function judgeTick(
  grid: Grid,
  nowMs: number,
  lastMs: number,
  expectedMs: number | undefined,
): GridVerdict {
  const atMs = gridAt(grid, nowMs);
  if (atMs <= lastMs && lastMs - atMs < Math.max(CLOCK_SET_MS, grid.intervalMs))
    return { evaluate: false, reason: "already_evaluated" };
  const due = lastMs > 0 && lastMs < atMs ? lastMs + grid.intervalMs : (expectedMs ?? atMs);
  const missed = Math.max(0, Math.round((atMs - gridAt(grid, due)) / grid.intervalMs));
  return { evaluate: true, atMs, missed };
}
