import type { Expectation, Script } from "./script";
import { type Heard, type Run, clock } from "./world";

type Line = Pick<Expectation, "kind" | "atMs" | "integration" | "groupKey" | "words" | "reason">;

/** The first point where what was heard is not what the script expects, to be read by people; undefined where there is none. */
export function firstDifference(script: Script, run: Run): string | undefined {
  const expected = script.expectations.filter((e) => e.kind !== "none").sort(byTime);
  const heard = [...run.heard].sort(byTime);
  const total = Math.max(expected.length, heard.length);
  // Lines of one moment stand in any order.
  for (let from = 0; from < total;) {
    const atMs = Math.min(expected[from]?.atMs ?? Infinity, heard[from]?.atMs ?? Infinity);
    const e = expected.slice(from).filter((x) => x.atMs === atMs);
    const h = heard.slice(from).filter((x) => x.atMs === atMs);
    const missing = e.filter((x) => !h.some((y) => same(x, y)));
    const surplus = h.filter((y) => !e.some((x) => same(x, y)));
    if (missing.length + surplus.length > 0 || e.length !== h.length) {
      const next = heard.slice(from).find((x) => x.atMs > atMs);
      return [
        `at ${clock(atMs)}, after ${from} lines that agree:`,
        ...heard.slice(Math.max(0, from - 2), from).map((x) => `          ${render(x)}`),
        ...missing.map((x) => `- missing ${render(x)}    (line ${x.line})`),
        ...surplus.map((x) => `+ heard   ${render(x)}`),
        ...(missing.length + surplus.length === 0
          ? [
              `+ heard ${h.length} times, expected ${e.length}: ${render(h[0] ?? (e[0] as Expectation))}`,
            ]
          : []),
        ...(next === undefined ? [] : [`  then    ${render(next)}`]),
      ].join("\n");
    }
    from += e.length;
  }
  return undefined;
}

/** One line as a script would expect it. */
export function render(x: Line): string {
  const key = x.groupKey === undefined ? "" : ` '${x.groupKey}'`;
  return x.kind === "held"
    ? `held ${clock(x.atMs)} ${x.integration}${key} ${x.reason}`
    : `expect ${clock(x.atMs)} ${x.integration}${key} ${x.words} reason ${x.reason}`;
}

function same(e: Expectation, h: Heard): boolean {
  return (
    e.kind === h.kind &&
    e.integration === h.integration &&
    (e.groupKey === undefined || e.groupKey === h.groupKey) &&
    e.words === h.words &&
    e.reason === h.reason
  );
}

function byTime(a: { atMs: number }, b: { atMs: number }): number {
  return a.atMs - b.atMs;
}
