import {
  type Labels,
  labelValue,
  labelsKey,
  onlyLabels,
  withLabel,
  withoutLabels,
} from "../core/labels";
import type { ArithmeticOp, BinaryExpr, VectorMatching } from "./ast";
import { isComparison, isTrim } from "./ast";
import { ABSENT, type Column, FLOAT } from "./columns";
import { type Env, newValues } from "./env";
import { combineColumns } from "./histogram-binary";
import { labelSetText } from "./label-set-text";
import { mergeSameLabels } from "./merge";
import { METADATA_LABELS, withoutMetadata } from "./metadata-labels";
import { arithmetic, comparison } from "./operators";
import { executionError } from "./query-error";

/** The part of a label set that decides which series meet. */
export function signatureOf(m: VectorMatching): (labels: Labels) => string {
  const names = new Set(m.labels);
  if (m.on) return (labels) => labelsKey(onlyLabels(labels, names));
  for (const name of METADATA_LABELS) names.add(name);
  return (labels) => labelsKey(withoutLabels(labels, names));
}

interface Group {
  readonly many: Column[];
  readonly one: Column[];
}

/**
 * An arithmetic or comparison operator between two vectors. Which series meet is
 * worked out once for the query; presence is then looked at step by step
 * (https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching).
 */
export function matchVectors(
  e: BinaryExpr,
  lhs: readonly Column[],
  rhs: readonly Column[],
  m: VectorMatching,
  env: Env,
): readonly Column[] {
  if (lhs.length === 0 || rhs.length === 0) return [];
  const swapped = m.card === "one-to-many";
  const many = swapped ? rhs : lhs;
  const one = swapped ? lhs : rhs;
  const signature = signatureOf(m);
  const groups = new Map<string, Group>();
  for (const c of one) {
    const key = signature(c.labels);
    const g = groups.get(key);
    if (g === undefined) groups.set(key, { many: [], one: [c] });
    else g.one.push(c);
  }
  for (const c of many) groups.get(signature(c.labels))?.many.push(c);
  const combine = combiner(e, swapped, env);
  const resultLabels = resultLabelsOf(e, m);
  const out: Column[] = [];
  for (const g of groups.values()) {
    if (g.one.length > 1) refuseDuplicates(g.one, many, m, swapped);
    const made: Column[] = [];
    for (const a of g.many) {
      for (const b of g.one) {
        const c = combine(a, b, resultLabels);
        if (c !== undefined) made.push(c);
      }
    }
    if (g.many.length > 1) refuseOverlaps(made, m);
    out.push(...made);
  }
  return mergeSameLabels(out);
}

type Combine = (
  a: Column,
  b: Column,
  labels: (a: Labels, b: Labels) => Labels,
) => Column | undefined;

function combiner(e: BinaryExpr, swapped: boolean, env: Env): Combine {
  const { op, returnBool } = e;
  const holds = isComparison(op) ? comparison(op) : undefined;
  const filters = holds !== undefined || isTrim(op);
  const compute = filters ? undefined : arithmetic(op as ArithmeticOp);
  return (a, b, labels) => {
    const l = swapped ? b : a;
    const r = swapped ? a : b;
    if (isTrim(op) || l.histograms !== undefined || r.histograms !== undefined) {
      const dropName = returnBool || (filters && a.dropName);
      return combineColumns(e, l, r, { labels: labels(a.labels, b.labels), dropName }, env);
    }
    let values: Float64Array | undefined;
    let kinds: Uint8Array | undefined;
    for (let i = 0; i < l.kinds.length; i++) {
      if (l.kinds[i] === ABSENT || r.kinds[i] === ABSENT) continue;
      const x = l.values[i] as number;
      const y = r.values[i] as number;
      let v: number;
      if (compute !== undefined) v = compute(x, y);
      else {
        const kept = holds?.(x, y) === true;
        if (returnBool) v = kept ? 1 : 0;
        else if (kept) v = x;
        else continue;
      }
      values ??= newValues(env);
      kinds ??= new Uint8Array(env.grid.steps);
      values[i] = v;
      kinds[i] = FLOAT;
    }
    if (values === undefined || kinds === undefined) return undefined;
    const dropName = returnBool || (holds !== undefined && a.dropName);
    return { labels: labels(a.labels, b.labels), dropName, kinds, values };
  };
}

/** The label set of a result: `a` from the "many" side (or the left), `b` from the "one". */
function resultLabelsOf(e: BinaryExpr, m: VectorMatching): (a: Labels, b: Labels) => Labels {
  const names = new Set(m.labels);
  const dropsName = !isComparison(e.op) && !isTrim(e.op);
  return (a, b) => {
    let out = a;
    if (m.card === "one-to-one") out = m.on ? onlyLabels(a, names) : withoutLabels(a, names);
    if (dropsName) out = withoutMetadata(out);
    for (const name of m.include) out = withLabel(out, name, labelValue(b, name));
    return out;
  };
}

function refuseDuplicates(
  one: readonly Column[],
  many: readonly Column[],
  m: VectorMatching,
  swapped: boolean,
): void {
  const steps = one[0]?.kinds.length ?? 0;
  for (let i = 0; i < steps; i++) {
    let first: Column | undefined;
    for (const c of one) {
      if (c.kinds[i] === ABSENT) continue;
      if (first === undefined) {
        first = c;
        continue;
      }
      if (!many.some((x) => x.kinds[i] !== ABSENT)) continue;
      const names = new Set(m.labels);
      const group = m.on
        ? onlyLabels(c.labels, names)
        : withoutLabels(c.labels, new Set([...names, ...METADATA_LABELS]));
      executionError(
        `found duplicate series for the match group ${labelSetText(group)} on the ${swapped ? "left" : "right"} hand-side of the operation: ` +
          `[${labelSetText(c.labels)}, ${labelSetText(first.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
  }
}

function refuseOverlaps(made: readonly Column[], m: VectorMatching): void {
  const steps = made[0]?.kinds.length ?? 0;
  if (m.card === "one-to-one") {
    for (let i = 0; i < steps; i++) {
      let present = 0;
      for (const c of made) if (c.kinds[i] !== ABSENT) present++;
      if (present > 1)
        executionError(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        );
    }
    return;
  }
  const seen = new Map<string, Uint8Array>();
  for (const c of made) {
    const key = labelsKey(c.labels);
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, c.kinds.slice());
      continue;
    }
    for (let i = 0; i < steps; i++) {
      if (c.kinds[i] === ABSENT) continue;
      if (before[i] !== ABSENT)
        executionError("multiple matches for labels: grouping labels must ensure unique matches");
      before[i] = FLOAT;
    }
  }
}
