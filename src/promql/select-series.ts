import { labelsKey } from "../core/labels";
import type { AggregateExpr, Expr } from "./ast";
import { ABSENT, type Column, FLOAT } from "./columns";
import { type Env, isEmpty } from "./env";
import { formatShortest } from "./format-float";
import { executionError } from "./query-error";

/** topk or bottomk within one group: at each step the k best series stay. NaN comes last either way. */
export function selectBest(
  members: readonly Column[],
  k: Float64Array,
  largest: boolean,
): Column[] {
  const chosen = members.map((c) => new Uint8Array(c.kinds.length));
  const steps = k.length;
  const best: number[] = [];
  for (let i = 0; i < steps; i++) {
    const want = Math.min(k[i] as number, members.length);
    if (want < 1) continue;
    best.length = 0;
    // `best` is kept sorted, the weakest last; a newcomer must beat it, so ties go to the earlier series.
    for (let s = 0; s < members.length; s++) {
      const c = members[s] as Column;
      if (c.kinds[i] === ABSENT) continue;
      const v = c.values[i] as number;
      if (best.length === want && !beats(v, valueAt(members, best[want - 1] as number, i), largest))
        continue;
      let at = best.length;
      while (at > 0 && beats(v, valueAt(members, best[at - 1] as number, i), largest)) at--;
      best.splice(at, 0, s);
      if (best.length > want) best.pop();
    }
    for (const s of best) (chosen[s] as Uint8Array)[i] = FLOAT;
  }
  return kept(members, chosen);
}

function valueAt(members: readonly Column[], s: number, i: number): number {
  return (members[s] as Column).values[i] as number;
}

function beats(a: number, b: number, largest: boolean): boolean {
  if (a !== a) return false;
  return b !== b || (largest ? a > b : a < b);
}

function kept(members: readonly Column[], chosen: readonly Uint8Array[]): Column[] {
  const out: Column[] = [];
  members.forEach((c, s) => {
    const kinds = chosen[s] as Uint8Array;
    if (!isEmpty(kinds)) out.push({ ...c, kinds });
  });
  return out;
}

/** limitk within one group: at each step the first k series. */
export function selectFirst(members: readonly Column[], k: Float64Array): Column[] {
  const chosen = members.map((c) => new Uint8Array(c.kinds.length));
  for (let i = 0; i < k.length; i++) {
    let left = k[i] as number;
    for (let s = 0; s < members.length && left >= 1; s++) {
      if ((members[s] as Column).kinds[i] === ABSENT) continue;
      (chosen[s] as Uint8Array)[i] = FLOAT;
      left--;
    }
  }
  return kept(members, chosen);
}

/**
 * limit_ratio: a pseudo-random share of the series, the same series every time.
 * A negative ratio takes exactly those that 1 + ratio leaves out.
 */
export function limitRatio(
  e: AggregateExpr,
  ratios: Float64Array,
  columns: readonly Column[],
  env: Env,
): Column[] {
  const capped = ratios.map((r) => {
    if (Number.isNaN(r)) executionError("Ratio value is NaN");
    if (r >= -1 && r <= 1) return r;
    const cap = Math.sign(r);
    env.query.annotations.warn(
      `ratio value should be between -1 and 1, got ${formatShortest(r)}, capping to ${cap}`,
      (e.param as Expr).span,
    );
    return cap;
  });
  const chosen = columns.map((c) => {
    const place = hash(labelsKey(c.labels)) / 2 ** 32;
    return c.kinds.map((kind, i) => {
      const r = capped[i] as number;
      return (r >= 0 ? place < r : place >= 1 + r) ? kind : ABSENT;
    });
  });
  return kept(columns, chosen);
}

/** FNV-1a, finished with an avalanche so that near-equal label sets spread. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
