import { BatchBuilder } from "../../core/batch";
import {
  type Labels,
  METRIC_NAME,
  labelsFromPairs,
  labelsKey,
  metricName,
  renderLabels,
  withLabel,
} from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import type { MetricMetadata } from "../../core/series";
import { STALE_BYTES } from "../../core/stale";
import { type ExpositionBody, type ExpositionFault, feedExposition } from "../exposition/feed";
import { SUFFIXES } from "../exposition/parse";

/** What was pushed last under one grouping key; it stays current until it is replaced or deleted. */
export interface PushGroup {
  /** `renderLabels` of the grouping labels. */
  readonly key: string;
  readonly grouping: Labels;
  readonly families: readonly PushFamily[];
  /** Of the last push that was taken; 0 where there was none. */
  readonly pushedAtMs: number;
  /** Of the last push that was refused for what it holds. */
  readonly failedAtMs?: number;
}

export interface PushFamily {
  readonly name: string;
  readonly type: MetricMetadata["type"];
  readonly help: string;
  /** Of the push that brought it; the group's where it is absent. */
  readonly pushedAtMs?: number;
  /** Label sets with the grouping labels in, and values as text, which JSON can hold where it is NaN or infinite. */
  readonly series: readonly (readonly [labels: Labels, value: string])[];
}

/** Where groups are kept. */
export interface PushGroupStore {
  /** `version` is to be given back with the change; undefined where there is no such group. */
  get(key: string): Promise<{ readonly group: PushGroup; readonly version: number } | undefined>;
  /** False where somebody else changed the group since `version` was read: read again. */
  put(group: PushGroup, version: number | undefined): Promise<boolean>;
  remove(key: string, version: number): Promise<boolean>;
  list(): Promise<readonly PushGroup[]>;
  /** Families of these names in other groups than `key`, each name and type once. */
  elsewhere(key: string, names: readonly string[]): Promise<readonly PushedType[]>;
  /** Forgets every group. */
  clear(): Promise<void>;
}

export type PushedType = Pick<PushFamily, "name" | "type">;

export type PushFault =
  | { readonly reason: "malformed"; readonly error: ExpositionFault }
  | { readonly reason: "timestamp"; readonly series: string }
  | { readonly reason: "duplicate"; readonly series: string }
  | {
      readonly reason: "type";
      readonly name: string;
      readonly pushed: PushFamily["type"];
      readonly known: PushFamily["type"];
    };

/** Written by Vedette itself for each group, as a Pushgateway does. */
export const PUSH_TIME = "push_time_seconds";
export const PUSH_FAILURE_TIME = "push_failure_time_seconds";

/** The families of a pushed body; the grouping labels override those of its samples. */
export function parsePush(
  body: ExpositionBody,
  grouping: Labels,
): Result<readonly PushFamily[], PushFault> {
  const samples: [Labels, number][] = [];
  const meta = new Map<string, MetricMetadata>();
  let timed: Labels | undefined;
  const done = feedExposition(body, {
    sample(labels, value, timeMs) {
      if (timeMs !== undefined) timed ??= labels;
      samples.push([labels, value]);
    },
    metadata: (m) => meta.set(m.name, m),
  });
  if (!done.ok) return err({ reason: "malformed", error: done.error });
  if (timed !== undefined) return err({ reason: "timestamp", series: renderLabels(timed) });
  const seen = new Set<string>();
  const families = new Map<
    string,
    {
      name: string;
      type: MetricMetadata["type"];
      help: string;
      series: (readonly [Labels, string])[];
    }
  >();
  for (const [own, value] of samples) {
    const labels = underGrouping(own, grouping);
    const key = labelsKey(labels);
    if (seen.has(key)) return err({ reason: "duplicate", series: renderLabels(labels) });
    seen.add(key);
    const name = familyOf(metricName(own), meta);
    if (name === PUSH_TIME || name === PUSH_FAILURE_TIME) continue;
    let family = families.get(name);
    if (family === undefined) {
      family = {
        name,
        type: meta.get(name)?.type ?? "unknown",
        help: meta.get(name)?.help ?? "",
        series: [],
      };
      families.set(name, family);
    }
    family.series.push([labels, Object.is(value, -0) ? "-0" : String(value)]);
  }
  return ok([...families.values()]);
}

/**
 * A metric has one type in all groups, as they are read together. Help texts may differ, as in a Pushgateway: the
 * last one counts.
 */
export function typeConflict(
  families: readonly PushFamily[],
  elsewhere: readonly PushedType[],
): PushFault | undefined {
  for (const { name, type } of families) {
    const other = elsewhere.find((e) => e.name === name && e.type !== type);
    if (other !== undefined) return { reason: "type", name, pushed: type, known: other.type };
  }
  return undefined;
}

/** The group after a push that was refused. */
export function failedGroup(
  old: PushGroup | undefined,
  grouping: Labels,
  nowMs: number,
): PushGroup {
  const before = old ?? { key: renderLabels(grouping), grouping, families: [], pushedAtMs: 0 };
  return { ...before, failedAtMs: nowMs };
}

/** PUT replaces all of a group, POST the families of the same names. */
export type PushMode = "replace" | "merge";

/** The group after a push. */
export function pushedGroup(
  old: PushGroup | undefined,
  mode: PushMode,
  grouping: Labels,
  families: readonly PushFamily[],
  nowMs: number,
): PushGroup {
  const names = new Set(families.map((f) => f.name));
  const kept = mode === "merge" ? (old?.families ?? []).filter((f) => !names.has(f.name)) : [];
  return {
    key: renderLabels(grouping),
    grouping,
    families: [
      ...kept.map((f) => ({ ...f, pushedAtMs: f.pushedAtMs ?? old?.pushedAtMs ?? nowMs })),
      ...families,
    ],
    pushedAtMs: nowMs,
    ...(old?.failedAtMs === undefined ? {} : { failedAtMs: old.failedAtMs }),
  };
}

/** The samples that make a change of group visible: values of now, and stale markers for the series that went. */
export function batchGroup(
  old: PushGroup | undefined,
  group: PushGroup | undefined,
  nowMs: number,
): Uint8Array {
  const batch = new BatchBuilder();
  const live = new Set<string>();
  if (group !== undefined) {
    for (const f of group.families) {
      for (const [labels, value] of f.series) {
        live.add(labelsKey(labels));
        batch.sample(batch.series(labels), nowMs, Number(value));
      }
      if (f.type !== "unknown" || f.help !== "")
        batch.metadata({ name: f.name, type: f.type, help: f.help, unit: "" });
    }
    putTimes(batch, group, nowMs);
  }
  for (const f of old?.families ?? []) {
    for (const [labels] of f.series)
      if (!live.has(labelsKey(labels)))
        batch.sampleBytes(batch.series(labels), nowMs, STALE_BYTES, 0);
  }
  if (old !== undefined && group === undefined)
    for (const name of [PUSH_TIME, PUSH_FAILURE_TIME])
      batch.sampleBytes(
        batch.series(withLabel(old.grouping, METRIC_NAME, name)),
        nowMs,
        STALE_BYTES,
        0,
      );
  return batch.finish();
}

/** The same values again, so that a group does not go stale between pushes. */
export function repeatGroups(groups: readonly PushGroup[], nowMs: number): Uint8Array {
  const batch = new BatchBuilder();
  for (const g of groups) {
    for (const f of g.families)
      for (const [labels, value] of f.series)
        batch.sample(batch.series(labels), nowMs, Number(value));
    putTimes(batch, g, nowMs);
  }
  return batch.finish();
}

function putTimes(batch: BatchBuilder, g: PushGroup, nowMs: number): void {
  for (const [name, ms] of [
    [PUSH_TIME, g.pushedAtMs],
    [PUSH_FAILURE_TIME, g.failedAtMs ?? 0],
  ] as const)
    batch.sample(batch.series(withLabel(g.grouping, METRIC_NAME, name)), nowMs, ms / 1000);
}

function underGrouping(own: Labels, grouping: Labels): Labels {
  const pairs: (readonly [string, string])[] = [];
  for (const set of [own, grouping])
    for (let i = 0; i < set.length; i += 2) pairs.push([set[i] as string, set[i + 1] as string]);
  return labelsFromPairs(pairs);
}

/** The declared metric that a sample's name belongs to, or the name itself. */
function familyOf(name: string, meta: ReadonlyMap<string, MetricMetadata>): string {
  if (meta.has(name)) return name;
  const cut = name.lastIndexOf("_");
  if (cut <= 0) return name;
  const base = name.slice(0, cut);
  const type = meta.get(base)?.type;
  return type !== undefined && SUFFIXES[type]?.includes(name.slice(cut)) === true ? base : name;
}
