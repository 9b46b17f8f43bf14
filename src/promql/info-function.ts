import {
  type Labels,
  METRIC_NAME,
  compareLabels,
  labelValue,
  labelsKey,
  withLabel,
} from "../core/labels";
import { compileMatchers } from "../core/matchers";
import type { CallExpr, Expr } from "./ast";
import { ABSENT, type Column } from "./columns";
import { type Env, newValues, vectorOf } from "./env";
import { mergeSameLabels } from "./merge";
import { labelSetText } from "./label-set-text";
import { executionError } from "./query-error";
import { evalVectorSelector } from "./selectors";

/** The labels by which a series finds its info series. */
const IDENTIFYING = ["instance", "job"];

interface InfoSeries {
  readonly name: string;
  readonly labels: Labels;
  /** When each step's sample was taken, seconds. */
  readonly taken: Column;
}

/**
 * info(): each series gets the data labels of the info series (`target_info`
 * unless the selector names another) with the same `instance` and `job`. Of several,
 * the one sampled last counts
 * (https://prometheus.io/docs/prometheus/latest/querying/functions/#info).
 */
export function evalInfo(e: CallExpr, env: Env): readonly Column[] {
  const selector = env.query.plan.infoSelectors.get(e);
  if (selector === undefined) throw new Error("info() was not planned");
  const base = vectorOf(e.args[0] as Expr, env);
  const byIdentity = new Map<string, InfoSeries[]>();
  for (const taken of evalVectorSelector(selector, env, true)) {
    const key = identityOf(taken.labels);
    const series = { name: labelValue(taken.labels, METRIC_NAME), labels: taken.labels, taken };
    const known = byIdentity.get(key);
    if (known === undefined) byIdentity.set(key, [series]);
    else known.push(series);
  }
  const dataMatchers = selector.matchers.filter((m) => m.name !== METRIC_NAME);
  const isInfo = compileMatchers(selector.matchers.filter((m) => m.name === METRIC_NAME));
  const wanted = new Set(dataMatchers.map((m) => m.name));
  const mayLack = compileMatchers(dataMatchers)([]);
  const out: Column[] = [];
  for (const c of base) {
    if (isInfo(c.labels)) out.push(c);
    else {
      // A series without identifying labels has no info.
      const identified = IDENTIFYING.some((name) => labelValue(c.labels, name) !== "");
      const infos = identified ? (byIdentity.get(identityOf(c.labels)) ?? []) : [];
      out.push(...enriched(c, infos, wanted, mayLack, env));
    }
  }
  return mergeSameLabels(out);
}

function identityOf(labels: Labels): string {
  return labelsKey(IDENTIFYING.map((name) => labelValue(labels, name)));
}

/** One column for each label set that a series takes on over the steps. */
function enriched(
  c: Column,
  infos: readonly InfoSeries[],
  wanted: ReadonlySet<string>,
  mayLack: boolean,
  env: Env,
): Column[] {
  const made = new Map<string, Column>();
  for (let i = 0; i < c.kinds.length; i++) {
    if (c.kinds[i] === ABSENT) continue;
    const latest = latestAt(infos, i);
    if (latest.length === 0 && !mayLack) continue;
    const labels = withData(c.labels, latest, wanted);
    const key = labelsKey(labels);
    let column = made.get(key);
    if (column === undefined) {
      column = {
        labels,
        dropName: c.dropName,
        kinds: new Uint8Array(c.kinds.length),
        values: newValues(env),
        histograms: c.histograms,
      };
      made.set(key, column);
    }
    column.kinds[i] = c.kinds[i] as number;
    column.values[i] = c.values[i] as number;
  }
  return [...made.values()];
}

/** Of each info metric the series sampled last. */
function latestAt(infos: readonly InfoSeries[], i: number): InfoSeries[] {
  const byName = new Map<string, InfoSeries>();
  for (const s of infos) {
    if (s.taken.kinds[i] === ABSENT) continue;
    const best = byName.get(s.name);
    if (best === undefined) byName.set(s.name, s);
    else {
      const later = (s.taken.values[i] as number) - (best.taken.values[i] as number);
      if (later === 0 && compareLabels(s.labels, best.labels) !== 0)
        executionError(
          `found duplicate series for info metric: existing ${shown(best, i)}, new ${shown(s, i)}`,
        );
      if (later > 0) byName.set(s.name, s);
    }
  }
  return [...byName.values()];
}

function shown(s: InfoSeries, i: number): string {
  return `${labelSetText(s.labels)} @ ${Math.round((s.taken.values[i] as number) * 1000)}`;
}

function withData(base: Labels, infos: readonly InfoSeries[], wanted: ReadonlySet<string>): Labels {
  const added = new Map<string, string>();
  for (const { labels } of infos) {
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i] as string;
      const value = labels[i + 1] as string;
      if (
        name === METRIC_NAME ||
        (wanted.size > 0 && !wanted.has(name)) ||
        labelValue(base, name) !== ""
      )
        continue;
      const before = added.get(name);
      if (before !== undefined && before !== value) executionError(`conflicting label: ${name}`);
      added.set(name, value);
    }
  }
  let out = base;
  for (const [name, value] of added) out = withLabel(out, name, value);
  return out;
}
