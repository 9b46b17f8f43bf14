import { labelsKey } from "../core/labels";
import { ABSENT, type Column, HISTOGRAM } from "./columns";
import { withoutMetadata } from "./metadata-labels";
import { DUPLICATE_LABELSET, executionError } from "./query-error";

/**
 * Joins columns that came to bear the same label set, as long as they never stand
 * at the same step; two values for one label set and time are an error.
 */
export function mergeSameLabels(columns: readonly Column[]): readonly Column[] {
  if (columns.length < 2) return columns;
  const byLabels = new Map<string, { column: Column; own: boolean }>();
  for (const c of columns) {
    const key = labelsKey(c.labels);
    const seen = byLabels.get(key);
    if (seen === undefined) {
      byLabels.set(key, { column: c, own: false });
      continue;
    }
    if (!seen.own) {
      seen.column = {
        ...seen.column,
        kinds: seen.column.kinds.slice(),
        values: seen.column.values.slice(),
      };
      seen.own = true;
    }
    if (c.histograms !== undefined) {
      const { column } = seen;
      const histograms = Array.from(c.kinds, (k, i) =>
        k === HISTOGRAM ? c.histograms?.[i] : column.histograms?.[i],
      );
      seen.column = { ...column, histograms };
    }
    const { kinds, values } = seen.column;
    for (let i = 0; i < kinds.length; i++) {
      if (c.kinds[i] === ABSENT) continue;
      if (kinds[i] !== ABSENT) executionError(DUPLICATE_LABELSET);
      kinds[i] = c.kinds[i] as number;
      values[i] = c.values[i] as number;
    }
    if (c.dropName && !seen.column.dropName) seen.column = { ...seen.column, dropName: true };
  }
  return byLabels.size === columns.length
    ? columns
    : Array.from(byLabels.values(), (s) => s.column);
}

/** Drops the metric names that functions marked to go, which is done last of all. */
export function dropMarkedNames(columns: readonly Column[]): readonly Column[] {
  if (!columns.some((c) => c.dropName)) return columns;
  return mergeSameLabels(
    columns.map((c) => (c.dropName ? { ...c, labels: withoutMetadata(c.labels) } : c)),
  );
}
