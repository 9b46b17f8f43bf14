// CPU time of the servers under test.
import { readFileSync, readdirSync } from "node:fs";

/** The clock ticks of /proc, the same on every Linux. */
const TICKS_PER_S = 100;

/** CPU seconds of every process that this one has started. */
export function cpuSeconds() {
  const children = new Map();
  const used = new Map();
  for (const pid of readdirSync("/proc").filter((p) => /^\d+$/.test(p))) {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue; // it ended in between
    }
    // The name in parentheses may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = fields[1];
    used.set(pid, Number(fields[11]) + Number(fields[12]));
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid) =>
    (children.get(pid) ?? []).reduce((sum, c) => sum + (used.get(c) ?? 0) + below(c), 0);
  return below(String(process.pid)) / TICKS_PER_S;
}

export function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
