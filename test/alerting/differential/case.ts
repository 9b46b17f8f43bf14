import type { StringMap } from "../../../src/core/alerts";
import type { Random } from "./random";

/** A configuration for one label `case`, and what is posted when. Times are ms from the run's beginning. */
export interface Case {
  readonly id: string;
  readonly route: CaseRoute;
  readonly receivers: readonly CaseReceiver[];
  readonly inhibitRules: readonly CaseInhibition[];
  readonly events: readonly CaseEvent[];
  readonly endMs: number;
}

export interface CaseRoute {
  readonly matchers: readonly string[];
  readonly receiver?: string;
  readonly groupBy?: readonly string[];
  readonly groupWaitMs?: number;
  readonly groupIntervalMs?: number;
  readonly repeatIntervalMs?: number;
  readonly continue: boolean;
  readonly mute: readonly string[];
  readonly active: readonly string[];
  readonly routes: readonly CaseRoute[];
}

export interface CaseReceiver {
  readonly name: string;
  /** One webhook each: whether it wants resolutions. */
  readonly sendResolved: readonly boolean[];
}

export interface CaseInhibition {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly equal: readonly string[];
}

export type CaseEvent =
  | {
      readonly kind: "post";
      readonly atMs: number;
      readonly labels: StringMap;
      /** From the event; absent: none is posted. */
      readonly startsInMs?: number;
      readonly endsInMs?: number;
    }
  | {
      readonly kind: "silence";
      readonly atMs: number;
      readonly name: string;
      readonly label: string;
      readonly value: string;
      readonly forMs: number;
    }
  | { readonly kind: "expire"; readonly atMs: number; readonly name: string };

export const RESOLVE_TIMEOUT_MS = 6_000;
const EVENTS_FROM_MS = 500;
const EVENTS_UNTIL_MS = 13_000;
export const RUN_MS = 18_000;

/** Time intervals that cases may name; the boundary is a full minute within the run where the run was aligned to one. */
export interface Intervals {
  readonly always: string;
  readonly never: string;
  readonly before: string;
  readonly after: string;
}

export const INTERVALS: Intervals = {
  always: "always",
  never: "never",
  before: "before",
  after: "after",
};

/** A case without its events. */
export function randomSetup(r: Random, id: string): Omit<Case, "events" | "endMs"> {
  const receivers = Array.from({ length: r.int(1, 3) }, (_, i) => ({
    name: `r${id}-${i}`,
    sendResolved: Array.from({ length: r.int(1, 2) }, () => r.chance(0.8)),
  }));
  const names = receivers.map((x) => x.name);
  const root: CaseRoute = {
    ...randomOptions(r, names, 1),
    matchers: [`case="${id}"`],
    continue: false,
    routes: randomChildren(r, names, 2),
  };
  return { id, route: root, receivers, inhibitRules: randomInhibitions(r) };
}

function randomChildren(r: Random, receivers: readonly string[], depth: number): CaseRoute[] {
  if (depth === 0) return [];
  const used = new Set<string>();
  const out: CaseRoute[] = [];
  for (let n = r.int(0, depth === 2 ? 3 : 1); n > 0; n--) {
    const matchers = randomMatchers(r);
    // Two routes of one key share a group key: which of the two groups speaks first is a race in Alertmanager.
    const key = [...matchers].sort().join();
    if (used.has(key)) continue;
    used.add(key);
    out.push({
      ...randomOptions(r, receivers, 0.4),
      matchers,
      continue: r.chance(0.4),
      routes: randomChildren(r, receivers, depth - 1),
    });
  }
  return out;
}

function randomOptions(
  r: Random,
  receivers: readonly string[],
  p: number,
): Omit<CaseRoute, "matchers" | "continue" | "routes"> {
  const intervalMs = 100 * r.int(10, 30);
  const timed = r.chance(p);
  return {
    ...(r.chance(p) ? { receiver: r.pick(receivers) } : {}),
    ...(r.chance(p) ? { groupBy: r.pick(GROUPINGS) } : {}),
    ...(r.chance(p) ? { groupWaitMs: r.pick([0, 0, 300, 700, 1_000, 1_500, 2_000]) } : {}),
    // Half an interval beside the grid: on it, Alertmanager's own delays decide whether the time is up.
    ...(timed
      ? { groupIntervalMs: intervalMs, repeatIntervalMs: intervalMs * r.int(2, 3) + intervalMs / 2 }
      : {}),
    mute: r.chance(0.12) ? [r.pick(Object.values(INTERVALS) as string[])] : [],
    active: r.chance(0.12) ? [r.pick(Object.values(INTERVALS) as string[])] : [],
  };
}

/** An empty `group_by` is one group since Alertmanager 0.28; in 0.25 it said nothing. */
const GROUPINGS: readonly (readonly string[])[] = [
  ["absent"],
  ["alertname"],
  ["alertname", "sev"],
  ["team", "absent"],
  ["..."],
];

const LABELS: Readonly<Record<string, readonly string[]>> = {
  alertname: ["A", "B", "C"],
  sev: ["crit", "warn"],
  team: ["x", "y", ""],
  inst: ["1", "2"],
};

function randomMatchers(r: Random): string[] {
  return r
    .some(["sev", "team", "alertname"], 0.5)
    .map((name) => {
      const value = r.pick(LABELS[name] as readonly string[]);
      const op = r.pick(["=", "=", "!=", "=~", "!~"]);
      const text = op.endsWith("~") ? r.pick([`${value}|z`, `.*${value}`, `${value}.*`]) : value;
      return `${name}${op}"${text}"`;
    })
    .concat(r.chance(0.1) ? ['nowhere=""'] : []);
}

function randomInhibitions(r: Random): CaseInhibition[] {
  if (!r.chance(0.4)) return [];
  const rules: readonly CaseInhibition[] = [
    {
      source: ['sev="crit"'],
      target: ['sev="warn"'],
      equal: r.pick([[], ["team"], ["alertname"]]),
    },
    // Whoever is a target of its own rule inhibits nobody who is a source too.
    { source: ['alertname=~"A|B"'], target: ['alertname=~"B|C"'], equal: r.pick([[], ["inst"]]) },
    { source: ['alertname="A"'], target: ['alertname="A"'], equal: [] },
    { source: ['alertname="A"'], target: ['alertname!="A"'], equal: ["absent"] },
    { source: ['team="x"'], target: ['team!="x"'], equal: ["sev", "inst"] },
  ];
  return r.some(rules, 0.35);
}

/** The alerts that a case speaks of. */
export function randomAlerts(r: Random, id: string): StringMap[] {
  return Array.from({ length: r.int(2, 5) }, () => ({
    ...Object.fromEntries(
      Object.entries(LABELS)
        .map(([name, values]) => [name, r.pick(values)] as const)
        .filter(([, v]) => v !== ""),
    ),
    case: id,
  }));
}

/** One more event, anywhere in the time for events. */
export function randomEvent(
  r: Random,
  alerts: readonly StringMap[],
  former: readonly CaseEvent[],
): CaseEvent {
  const atMs = 10 * r.int(EVENTS_FROM_MS / 10, EVENTS_UNTIL_MS / 10);
  const open = former.filter((e) => e.kind === "silence" && e.atMs < atMs - 500);
  const roll = r.next();
  if (roll < 0.1) {
    const [label, value] = r.pick(Object.entries(r.pick(alerts)).filter(([k]) => k !== "case"));
    return {
      kind: "silence",
      atMs,
      name: `s${former.length}`,
      label: label as string,
      value: value as string,
      forMs: 100 * r.int(20, 70),
    };
  }
  if (roll < 0.14 && open.length > 0) {
    const silence = r.pick(open) as Extract<CaseEvent, { kind: "silence" }>;
    const expired = former.some((e) => e.kind === "expire" && e.name === silence.name);
    if (!expired && atMs < silence.atMs + silence.forMs - 500)
      return { kind: "expire", atMs, name: silence.name };
  }
  const labels = r.pick(alerts);
  const shape = r.next();
  if (shape < 0.3) return { kind: "post", atMs, labels };
  if (shape < 0.45) return { kind: "post", atMs, labels, startsInMs: -3_600_000 };
  if (shape < 0.7)
    return {
      kind: "post",
      atMs,
      labels,
      ...(r.chance(0.5) ? { startsInMs: -r.int(0, 5) * 300 } : {}),
      endsInMs: 100 * r.int(8, 60),
    };
  return { kind: "post", atMs, labels, endsInMs: 0 };
}
