import { GAUGE, type Histogram } from "../core/histogram";
import type { BinaryExpr } from "./ast";
import { isComparison, isTrim } from "./ast";
import { ABSENT, type Column, FLOAT, HISTOGRAM } from "./columns";
import { type Env, histogramAt, mapValues, newHistograms } from "./env";
import {
  type Combined,
  added,
  divided,
  equalHistograms,
  scaled,
  subtracted,
} from "./histogram-arithmetic";
import { compacted } from "./histogram-buckets";
import { trimmed } from "./histogram-trim";
import { arithmetic, comparison } from "./operators";

/** A float, or where `histogram` stands, that. */
interface Sample {
  readonly value: number;
  readonly histogram: Histogram | undefined;
}

export type BinaryOperation = Pick<BinaryExpr, "op" | "returnBool" | "span">;

/** Unary minus. A histogram of negative counts is a gauge. */
export function negated(columns: readonly Column[], env: Env): Column[] {
  const out = mapValues(columns, env, (x) => -x);
  for (const c of columns) {
    if (c.histograms === undefined) continue;
    const histograms = newHistograms(env);
    const kinds = new Uint8Array(c.kinds.length);
    for (let i = 0; i < kinds.length; i++) {
      const h = histogramAt(c, i);
      if (h === undefined) continue;
      kinds[i] = HISTOGRAM;
      histograms[i] = { ...scaled(h, -1), resetHint: GAUGE };
    }
    const floats = out.find((o) => o.labels === c.labels);
    if (floats === undefined)
      out.push({ labels: c.labels, dropName: true, kinds, values: c.values, histograms });
    else
      out[out.indexOf(floats)] = {
        ...floats,
        kinds: kinds.map((k, i) => (k === ABSENT ? (floats.kinds[i] as number) : k)),
        histograms,
      };
  }
  return out;
}

/**
 * A binary operator between two columns of which one holds histograms, step by step; undefined where
 * nothing comes of it. `labels` and `dropName` are the result's.
 */
export function combineColumns(
  e: BinaryOperation,
  l: Column,
  r: Column,
  result: Pick<Column, "labels" | "dropName">,
  env: Env,
): Column | undefined {
  const kinds = new Uint8Array(l.kinds.length);
  const values = new Float64Array(l.kinds.length);
  const histograms = newHistograms(env);
  let any = false;
  for (let i = 0; i < kinds.length; i++) {
    if (l.kinds[i] === ABSENT || r.kinds[i] === ABSENT) continue;
    const made = combineSamples(
      e,
      { value: l.values[i] as number, histogram: histogramAt(l, i) },
      { value: r.values[i] as number, histogram: histogramAt(r, i) },
      env,
    );
    if (made === undefined) continue;
    any = true;
    kinds[i] = made.histogram === undefined ? FLOAT : HISTOGRAM;
    values[i] = made.value;
    histograms[i] = made.histogram;
  }
  return any ? { ...result, kinds, values, histograms } : undefined;
}

/** A scalar as a column, to meet histograms. */
export function scalarColumn(values: Float64Array): Column {
  return {
    labels: [],
    dropName: false,
    kinds: new Uint8Array(values.length).fill(FLOAT),
    values,
  };
}

/** Only some operators are defined for histograms; others give nothing, which is told. */
function combineSamples(e: BinaryOperation, l: Sample, r: Sample, env: Env): Sample | undefined {
  const { op } = e;
  if (l.histogram === undefined && r.histogram === undefined && !isTrim(op))
    return combineFloats(e, l.value, r.value);
  if (l.histogram === undefined) {
    if (op === "*" && r.histogram !== undefined) return of(scaled(r.histogram, l.value));
  } else if (r.histogram === undefined) {
    if (op === "*") return of(scaled(l.histogram, r.value));
    if (op === "/") return of(divided(l.histogram, r.value));
    if (isTrim(op)) return of(trimmed(l.histogram, r.value, op === "</"));
  } else {
    if (op === "+") return told(added(l.histogram, r.histogram), "addition", e, env);
    if (op === "-") return told(subtracted(l.histogram, r.histogram), "subtraction", e, env);
    if (op === "==" || op === "!=") {
      const kept = equalHistograms(l.histogram, r.histogram) === (op === "==");
      if (e.returnBool) return { value: kept ? 1 : 0, histogram: undefined };
      return kept ? l : undefined;
    }
  }
  const name = (s: Sample): string => (s.histogram === undefined ? "float" : "histogram");
  env.query.annotations.info(
    `incompatible sample types encountered for binary operator "${op}": ${name(l)} ${op} ${name(r)}`,
    e.span,
  );
  return undefined;
}

function combineFloats(e: BinaryOperation, x: number, y: number): Sample | undefined {
  const { op } = e;
  if (isComparison(op)) {
    const kept = comparison(op)(x, y);
    if (e.returnBool) return { value: kept ? 1 : 0, histogram: undefined };
    return kept ? { value: x, histogram: undefined } : undefined;
  }
  // Set operators and trims do not come here.
  return { value: arithmetic(op as Parameters<typeof arithmetic>[0])(x, y), histogram: undefined };
}

function of(h: Histogram): Sample {
  return { value: Number.NaN, histogram: compacted(h) };
}

function told(
  made: Combined | undefined,
  what: "addition" | "subtraction",
  e: BinaryOperation,
  env: Env,
): Sample | undefined {
  const { annotations } = env.query;
  if (made === undefined) {
    annotations.warn(`incompatible bucket layout encountered for binary operator ${e.op}`, e.span);
    return undefined;
  }
  if (made.resetCollision)
    annotations.warn(`conflicting counter resets during histogram ${what}`, e.span);
  if (made.boundsReconciled)
    annotations.info(`mismatched custom buckets were reconciled during ${what}`, e.span);
  return of(made.histogram);
}
