import { type Labels, labelsKey, labelsOf } from "../core/labels";
import type { Rule, RuleHealth } from "./model";
import { identityOf } from "./rendered";
import { type Alert, type AlertingState, type Cooldown, NO_ALERTS, sameCourse } from "./state";

/** What a rule remembers from one evaluation to the next. */
export interface Progress {
  readonly alerting: AlertingState;
  /** The series a recording rule last wrote, by label set. */
  readonly series: ReadonlyMap<string, Labels>;
  readonly health: RuleHealth;
  readonly lastError: string;
}

export const NO_PROGRESS: Progress = {
  alerting: NO_ALERTS,
  series: new Map(),
  health: "unknown",
  lastError: "",
};

/**
 * Rules of a group by what makes them the same rule after a change of configuration: kind,
 * name and labels, as in Prometheus; of several alike the first stays the first.
 */
export function ruleKeys(rules: readonly Rule[]): string[] {
  const seen = new Map<string, number>();
  return rules.map((r) => {
    const base = JSON.stringify([r.kind, r.name, labelsOf(r.labels)]);
    const nth = seen.get(base) ?? 0;
    seen.set(base, nth + 1);
    return nth === 0 ? base : `${base}#${nth}`;
  });
}

type PackedAlert = Omit<Alert, "value"> & { readonly value: string };

interface PackedCourse {
  /** Rows into which the alerts are spread; of rows written before they were, absent. */
  readonly buckets?: number;
  readonly alerts?: readonly PackedAlert[];
  readonly cooldowns: readonly (readonly [string, Cooldown])[];
  readonly series: readonly Labels[];
  readonly health: RuleHealth;
  readonly lastError: string;
}

/** A rule's progress as texts: all but the alerts, and the alerts in buckets, so that one that changes has few written. */
export interface PackedProgress {
  readonly course: string;
  /** It differs from what was saved. */
  readonly courseChanged: boolean;
  /** Those that differ from what was saved. */
  readonly buckets: ReadonlyMap<number, string>;
  /** Buckets from this number on are no more. */
  readonly bucketCount: number;
}

/** What of a rule is on disk. */
export interface SavedProgress {
  readonly progress: Progress;
  readonly course: string;
  readonly bucketCount: number;
}

const BUCKET_ALERTS = 128;
const MAX_BUCKETS = 1024;

/** Packs what changed since `saved`; values and annotations alone are no change. */
export function packProgress(p: Progress, saved: SavedProgress | undefined): PackedProgress {
  const { alerts } = p.alerting;
  const bucketCount = bucketsFor(alerts.size, saved?.bucketCount ?? 1);
  const all = saved === undefined || saved.bucketCount !== bucketCount;
  const before: AlertingState["alerts"] = saved?.progress.alerting.alerts ?? new Map();
  const touched = new Set<number>();
  if (all) for (let n = 0; n < bucketCount; n++) touched.add(n);
  else {
    for (const [key, a] of alerts) {
      const old = before.get(key);
      if (old === undefined || !sameCourse(old, a)) touched.add(bucketOf(key, bucketCount));
    }
    for (const key of before.keys()) if (!alerts.has(key)) touched.add(bucketOf(key, bucketCount));
  }
  const inBuckets = new Map<number, PackedAlert[]>([...touched].map((n) => [n, []]));
  // Values go as text: JSON has no NaN and no infinities.
  for (const [key, a] of alerts)
    inBuckets.get(bucketOf(key, bucketCount))?.push({ ...a, value: String(a.value) });
  const course: PackedCourse = {
    buckets: bucketCount,
    cooldowns: [...p.alerting.cooldowns],
    series: [...p.series.values()],
    health: p.health,
    lastError: p.lastError,
  };
  const text = JSON.stringify(course);
  return {
    course: text,
    courseChanged: text !== saved?.course,
    buckets: new Map([...inBuckets].map(([n, list]) => [n, JSON.stringify(list)])),
    bucketCount,
  };
}

export function unpackProgress(course: string, buckets: readonly string[]): SavedProgress {
  const p = JSON.parse(course) as PackedCourse; // written by packProgress
  const alerts = [
    ...(p.alerts ?? []),
    ...buckets.flatMap((b) => JSON.parse(b) as PackedAlert[]), // written by packProgress
  ];
  const progress: Progress = {
    alerting: {
      alerts: new Map(
        alerts.map((a) => [identityOf(a.labels).key, { ...a, value: Number(a.value) }]),
      ),
      cooldowns: new Map(p.cooldowns),
    },
    series: new Map(p.series.map((s) => [labelsKey(s), s])),
    health: p.health,
    lastError: p.lastError,
  };
  // 0 is no number of buckets: all of them are written the next time.
  return { progress, course, bucketCount: p.buckets ?? 0 };
}

/** Grows and shrinks by far, so that a number that moves to and fro does not have all rewritten each time. */
function bucketsFor(alerts: number, before: number): number {
  const fits = alerts <= before * BUCKET_ALERTS * 2 && alerts * 8 >= before * BUCKET_ALERTS;
  if (before > 0 && (fits || (before === 1 && alerts <= BUCKET_ALERTS))) return before;
  let n = 1;
  while (n * BUCKET_ALERTS < alerts && n < MAX_BUCKETS) n *= 2;
  return n;
}

function bucketOf(key: string, buckets: number): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  // The low bits of such a hash know the last characters best: the high ones are mixed in.
  return (hash ^ (hash >>> 15)) & (buckets - 1);
}
