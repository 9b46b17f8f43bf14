import type { LogLine } from "../core/logs";

const HOUR_MS = 3_600_000;
/** A chunk holds no more, so that one row and one bound value stay near 1 MB at worst. */
const MAX_LINES = 5_000;
const MAX_CHARS = 400_000;

/** Sorts lines by time and cuts them by clock hour and size: each part becomes one chunk. */
export function partitionLines(lines: readonly LogLine[]): LogLine[][] {
  const sorted = lines.toSorted((a, b) => a.timeMs - b.timeMs || a.subMsNanos - b.subMsNanos);
  const parts: LogLine[][] = [];
  let part: LogLine[] = [];
  let hour = Number.NaN;
  let chars = 0;
  for (const line of sorted) {
    const size = charsOf(line);
    const lineHour = Math.floor(line.timeMs / HOUR_MS);
    if (
      part.length > 0 &&
      (lineHour !== hour || part.length >= MAX_LINES || chars + size > MAX_CHARS)
    ) {
      parts.push(part);
      part = [];
      chars = 0;
    }
    part.push(line);
    hour = lineHour;
    chars += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function charsOf(line: LogLine): number {
  let n = line.message.length + line.service.length + 64;
  for (const [name, value] of Object.entries(line.attributes)) n += name.length + value.length;
  return n;
}
