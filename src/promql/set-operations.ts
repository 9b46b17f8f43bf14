import type { SetOp, VectorMatching } from "./ast";
import { ABSENT, type Column, FLOAT } from "./columns";
import { isEmpty } from "./env";
import { signatureOf } from "./matching";
import { mergeSameLabels } from "./merge";

/** `and`, `or` and `unless`: series are kept whole, or not, at each step. */
export function setOperation(
  op: SetOp,
  lhs: readonly Column[],
  rhs: readonly Column[],
  m: VectorMatching,
): readonly Column[] {
  const signature = signatureOf(m);
  switch (op) {
    case "and":
      return masked(lhs, presence(rhs, signature), signature, true);
    case "unless":
      return masked(lhs, presence(rhs, signature), signature, false);
    case "or":
      if (lhs.length === 0) return rhs;
      return mergeSameLabels([...lhs, ...masked(rhs, presence(lhs, signature), signature, false)]);
  }
}

/** For each signature, at which steps some series has a value. */
function presence(
  columns: readonly Column[],
  signature: (labels: Column["labels"]) => string,
): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  const shared = new Set<string>();
  for (const c of columns) {
    const key = signature(c.labels);
    const seen = out.get(key);
    if (seen === undefined) {
      out.set(key, c.kinds);
      continue;
    }
    const own = shared.has(key) ? seen : seen.slice();
    for (let i = 0; i < own.length; i++) if (c.kinds[i] !== ABSENT) own[i] = FLOAT;
    out.set(key, own);
    shared.add(key);
  }
  return out;
}

function masked(
  columns: readonly Column[],
  others: ReadonlyMap<string, Uint8Array>,
  signature: (labels: Column["labels"]) => string,
  keepWherePresent: boolean,
): Column[] {
  const out: Column[] = [];
  for (const c of columns) {
    const other = others.get(signature(c.labels));
    if (other === undefined) {
      if (!keepWherePresent) out.push(c);
      continue;
    }
    const kinds = c.kinds.map((kind, i) =>
      (other[i] !== ABSENT) === keepWherePresent ? kind : ABSENT,
    );
    if (!isEmpty(kinds)) out.push({ ...c, kinds });
  }
  return out;
}
