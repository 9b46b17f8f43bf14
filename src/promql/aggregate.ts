import { type Labels, labelsKey, onlyLabels, withLabel, withoutLabels } from "../core/labels";
import type { AggregateExpr, Expr } from "./ast";
import { ABSENT, type Column, FLOAT, kahanAdd } from "./columns";
import {
  type Env,
  floatsOf,
  hasHistograms,
  isEmpty,
  newValues,
  scalarOf,
  stringOf,
  vectorOf,
} from "./env";
import { formatShortest } from "./format-float";
import { aggregable, aggregateHistograms, valueText } from "./histogram-aggregate";
import { isLabelName } from "./label-functions";
import { mergeSameLabels } from "./merge";
import { METADATA_LABELS } from "./metadata-labels";
import { executionError } from "./query-error";
import { quote } from "./quoting";
import { warnOfQuantile } from "./range-functions";
import { limitRatio, selectBest, selectFirst } from "./select-series";
import { quantileOf, sortNanFirst } from "./window-kernels";

/** Series that share the grouping labels. */
export interface Group {
  readonly labels: Labels;
  dropName: boolean;
  readonly members: Column[];
}

export function evalAggregate(e: AggregateExpr, env: Env): readonly Column[] {
  const param = e.param;
  switch (e.op) {
    case "count_values": {
      const label = stringOf(param as Expr, env);
      if (!isLabelName(label)) executionError(`invalid label name ${quote(label)}`);
      return countValues(e, label, vectorOf(e.expr, env), env);
    }
    case "quantile": {
      const q = scalarOf(param as Expr, env);
      warnOfQuantile(q, param as Expr, env);
      const columns = aggregable(e, vectorOf(e.expr, env), env);
      return groupsOf(e, columns).map((g) => quantile(g, q, env));
    }
    case "topk":
    case "bottomk":
    case "limitk": {
      const k = wholeCounts(scalarOf(param as Expr, env));
      const groups = groupsOf(e, aggregable(e, vectorOf(e.expr, env), env));
      if (e.op === "limitk") return groups.flatMap((g) => selectFirst(g.members, k));
      const largest = e.op === "topk";
      return groups.flatMap((g) => {
        const best = selectBest(g.members, k, largest);
        // At one time the answer stands in order of value, group by group.
        return env.grid.steps > 1 ? best : orderByValue(best, largest);
      });
    }
    case "limit_ratio":
      return limitRatio(e, scalarOf(param as Expr, env), vectorOf(e.expr, env), env);
    default:
      return groupsOf(e, aggregable(e, vectorOf(e.expr, env), env)).map((g) => reduce(e, g, env));
  }
}

function groupsOf(e: AggregateExpr, columns: readonly Column[]): Group[] {
  const names = new Set(e.grouping);
  if (e.without) for (const name of METADATA_LABELS) names.add(name);
  const groups = new Map<string, Group>();
  for (const c of columns) {
    const labels = e.without
      ? withoutLabels(c.labels, names)
      : e.grouping.length === 0
        ? []
        : onlyLabels(c.labels, names);
    const key = labelsKey(labels);
    const g = groups.get(key);
    if (g === undefined) groups.set(key, { labels, dropName: c.dropName, members: [c] });
    else {
      g.members.push(c);
      if (c.dropName) g.dropName = true;
    }
  }
  return [...groups.values()];
}

function wholeCounts(param: Float64Array): Float64Array {
  return param.map((k) => {
    if (Number.isNaN(k)) executionError("Parameter value is NaN");
    if (k <= -(2 ** 63)) executionError(`Scalar value ${formatShortest(k)} underflows int64`);
    if (k >= 2 ** 63) executionError(`Scalar value ${formatShortest(k)} overflows int64`);
    return Math.trunc(k);
  });
}

/** By the value at the first step, NaN last either way. */
export function orderByValue(columns: readonly Column[], descending: boolean): Column[] {
  return columns.toSorted((a, b) => {
    const x = a.values[0] as number;
    const y = b.values[0] as number;
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
    if (Number.isNaN(y)) return -1;
    return descending ? y - x : x - y;
  });
}

type Reducer = (members: readonly Column[], kinds: Uint8Array, out: Float64Array) => void;

function reduce(e: AggregateExpr, g: Group, env: Env): Column {
  const { op } = e;
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  for (const c of g.members)
    for (let i = 0; i < kinds.length; i++) if (c.kinds[i] !== ABSENT) kinds[i] = FLOAT;
  const reducer = REDUCERS[op];
  if (reducer === undefined) throw new Error(`not a reducing aggregation: ${op}`);
  const { labels, dropName } = g;
  if ((op === "sum" || op === "avg") && hasHistograms(g.members)) {
    reducer(floatsOf(g.members), kinds, values);
    const histograms = aggregateHistograms(e, g.members, kinds, env);
    return { labels, dropName, kinds, values, histograms };
  }
  reducer(g.members, kinds, values);
  return { labels, dropName, kinds, values };
}

const extreme =
  (beats: (x: number, best: number) => boolean): Reducer =>
  (members, kinds, out) => {
    const seen = new Uint8Array(kinds.length);
    for (const c of members) {
      for (let i = 0; i < out.length; i++) {
        if (c.kinds[i] === ABSENT) continue;
        const x = c.values[i] as number;
        const best = out[i] as number;
        if (seen[i] === 0 || best !== best || beats(x, best)) out[i] = x;
        seen[i] = 1;
      }
    }
  };

const variance: Reducer = (members, kinds, out) => {
  const count = new Float64Array(kinds.length);
  const mean = new Float64Array(kinds.length);
  for (const c of members) {
    for (let i = 0; i < out.length; i++) {
      if (c.kinds[i] === ABSENT) continue;
      const x = c.values[i] as number;
      const n = (count[i] as number) + 1;
      count[i] = n;
      const delta = x - (mean[i] as number);
      mean[i] = (mean[i] as number) + delta / n;
      out[i] = (out[i] as number) + delta * (x - (mean[i] as number));
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) / (count[i] as number);
};

const REDUCERS: Readonly<Record<string, Reducer>> = {
  sum: (members, _kinds, out) => {
    const comp = new Float64Array(out.length);
    for (const c of members)
      for (let i = 0; i < out.length; i++)
        if (c.kinds[i] !== ABSENT) kahanAdd(out, comp, i, c.values[i] as number);
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (comp[i] as number);
  },
  avg: (members, _kinds, out) => {
    const n = out.length;
    const comp = new Float64Array(n);
    const count = new Float64Array(n);
    const incremental = new Uint8Array(n);
    for (const c of members) {
      for (let i = 0; i < n; i++) {
        if (c.kinds[i] === ABSENT) continue;
        const x = c.values[i] as number;
        const k = (count[i] as number) + 1;
        count[i] = k;
        if (incremental[i] === 0) {
          const sum = out[i] as number;
          const rest = comp[i] as number;
          kahanAdd(out, comp, i, x);
          if (k === 1 || Math.abs(out[i] as number) !== Infinity) continue;
          // The sum would overflow: go on with a running mean.
          incremental[i] = 1;
          out[i] = sum / (k - 1);
          comp[i] = rest / (k - 1);
        }
        const share = (k - 1) / k;
        out[i] = share * (out[i] as number);
        comp[i] = share * (comp[i] as number);
        kahanAdd(out, comp, i, x / k);
      }
    }
    for (let i = 0; i < n; i++) {
      const k = incremental[i] === 1 ? 1 : (count[i] as number);
      out[i] = (out[i] as number) / k + (comp[i] as number) / k;
    }
  },
  count: (members, _kinds, out) => {
    for (const c of members)
      for (let i = 0; i < out.length; i++)
        if (c.kinds[i] !== ABSENT) out[i] = (out[i] as number) + 1;
  },
  group: (_members, _kinds, out) => void out.fill(1),
  max: extreme((x, best) => x > best),
  min: extreme((x, best) => x < best),
  stdvar: variance,
  stddev: (members, kinds, out) => {
    variance(members, kinds, out);
    for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i] as number);
  },
};

function quantile(g: Group, q: Float64Array, env: Env): Column {
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  const buffer = new Float64Array(g.members.length);
  for (let i = 0; i < values.length; i++) {
    let n = 0;
    for (const c of g.members) if (c.kinds[i] !== ABSENT) buffer[n++] = c.values[i] as number;
    if (n === 0) continue;
    kinds[i] = FLOAT;
    values[i] = quantileOf(q[i] as number, sortNanFirst(buffer.subarray(0, n)));
  }
  return { labels: g.labels, dropName: g.dropName, kinds, values };
}

function countValues(
  e: AggregateExpr,
  label: string,
  columns: readonly Column[],
  env: Env,
): readonly Column[] {
  // The value joins the grouping labels, so that it takes the place of a label of that name.
  const names = e.without ? [...e.grouping, label] : e.grouping.filter((n) => n !== label);
  const groups = groupsOf({ ...e, grouping: names }, columns);
  const out: Column[] = [];
  for (const g of groups) {
    const byValue = new Map<string, { kinds: Uint8Array; values: Float64Array }>();
    for (const c of g.members) {
      for (let i = 0; i < c.kinds.length; i++) {
        const text = valueText(c, i);
        if (text === undefined) continue;
        let counts = byValue.get(text);
        if (counts === undefined) {
          counts = { kinds: new Uint8Array(c.kinds.length), values: newValues(env) };
          byValue.set(text, counts);
        }
        counts.kinds[i] = FLOAT;
        counts.values[i] = (counts.values[i] as number) + 1;
      }
    }
    for (const [text, counts] of byValue)
      out.push({ labels: withLabel(g.labels, label, text), dropName: g.dropName, ...counts });
  }
  return mergeSameLabels(out.filter((c) => !isEmpty(c.kinds)));
}
