import type { AggregateExpr, Expr } from "./ast";
import { ABSENT, type Column, FLOAT } from "./columns";
import { type Env, isEmpty } from "./env";
import { formatShortest } from "./format-float";
import { labelHash } from "./label-hash";
import { executionError } from "./query-error";

/** Up to this many, a sorted row is kept up by insertion; beyond, each step is sorted. */
const INSERTION_UP_TO = 64;

/**
 * topk or bottomk within one group: at each step the k best series stay. NaN comes
 * last either way, and of equals the earlier series stays.
 */
export function selectBest(
  members: readonly Column[],
  k: Float64Array,
  largest: boolean,
): Column[] {
  const limits = k.map((want) => Math.max(0, Math.min(want, members.length)));
  const width = limits.reduce((a, b) => Math.max(a, b), 0);
  if (width === 0) return [];
  const chosen: (Uint8Array | undefined)[] = members.map(() => undefined);
  const choose = (s: number, i: number): void => {
    (chosen[s] ??= new Uint8Array(limits.length))[i] = FLOAT;
  };
  if (width <= INSERTION_UP_TO) chooseByInsertion(members, limits, width, largest, choose);
  else chooseBySorting(members, limits, largest, choose);
  return kept(members, chosen);
}

type Choose = (series: number, step: number) => void;

/** Series by series, so that each column is read once from front to back. */
function chooseByInsertion(
  members: readonly Column[],
  limits: Float64Array,
  width: number,
  largest: boolean,
  choose: Choose,
): void {
  const steps = limits.length;
  // For each step a row of the best so far, the weakest last.
  const best = new Int32Array(steps * width);
  const values = new Float64Array(steps * width);
  const sizes = new Int32Array(steps);
  for (let s = 0; s < members.length; s++) {
    const c = members[s] as Column;
    for (let i = 0; i < steps; i++) {
      if (c.kinds[i] === ABSENT) continue;
      const limit = limits[i] as number;
      const size = sizes[i] as number;
      const row = i * width;
      const v = c.values[i] as number;
      if (size === limit && (limit === 0 || !beats(v, values[row + limit - 1] as number, largest)))
        continue;
      let at = row + (size < limit ? size : limit - 1);
      for (; at > row && beats(v, values[at - 1] as number, largest); at--) {
        values[at] = values[at - 1] as number;
        best[at] = best[at - 1] as number;
      }
      values[at] = v;
      best[at] = s;
      if (size < limit) sizes[i] = size + 1;
    }
  }
  for (let i = 0; i < steps; i++) {
    for (let at = i * width; at < i * width + (sizes[i] as number); at++)
      choose(best[at] as number, i);
  }
}

function chooseBySorting(
  members: readonly Column[],
  limits: Float64Array,
  largest: boolean,
  choose: Choose,
): void {
  for (let i = 0; i < limits.length; i++) {
    const limit = limits[i] as number;
    const present: number[] = [];
    members.forEach((c, s) => {
      if (c.kinds[i] !== ABSENT) present.push(s);
    });
    if (present.length > limit) {
      const valueOf = (s: number): number => (members[s] as Column).values[i] as number;
      present.sort((a, b) => {
        const x = valueOf(a);
        const y = valueOf(b);
        return beats(x, y, largest) ? -1 : beats(y, x, largest) ? 1 : a - b;
      });
      present.length = limit;
    }
    for (const s of present) choose(s, i);
  }
}

function beats(a: number, b: number, largest: boolean): boolean {
  if (a !== a) return false;
  return b !== b || (largest ? a > b : a < b);
}

function kept(members: readonly Column[], chosen: readonly (Uint8Array | undefined)[]): Column[] {
  const out: Column[] = [];
  members.forEach((c, s) => {
    const kinds = chosen[s];
    if (kinds !== undefined && !isEmpty(kinds)) out.push({ ...c, kinds });
  });
  return out;
}

/** limitk within one group: at each step the first k series. */
export function selectFirst(members: readonly Column[], k: Float64Array): Column[] {
  const chosen = members.map((c) => new Uint8Array(c.kinds.length));
  for (let i = 0; i < k.length; i++) {
    let left = k[i] as number;
    for (let s = 0; s < members.length && left >= 1; s++) {
      const kind = (members[s] as Column).kinds[i] as number;
      if (kind === ABSENT) continue;
      (chosen[s] as Uint8Array)[i] = kind;
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
    const place = Number(labelHash(c.labels)) / 2 ** 64;
    return c.kinds.map((kind, i) => {
      const r = capped[i] as number;
      return (r >= 0 ? place < r : place >= 1 + r) ? kind : ABSENT;
    });
  });
  return kept(columns, chosen);
}
