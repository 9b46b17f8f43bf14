import { compareStrings } from "../core/labels";

/** Compares so that runs of digits count as numbers: `cpu2` before `cpu10`. */
export function naturalCompare(a: string, b: string): number {
  const x = a.match(CHUNKS) ?? [];
  const y = b.match(CHUNKS) ?? [];
  const n = Math.min(x.length, y.length);
  for (let i = 0; i < n; i++) {
    const p = x[i] as string;
    const q = y[i] as string;
    if (p === q) continue;
    if (DIGITS.test(p) && DIGITS.test(q)) {
      const byValue = compareDigits(p, q);
      if (byValue !== 0) return byValue;
      return p.length - q.length;
    }
    return compareStrings(p, q);
  }
  return x.length - y.length;
}

const CHUNKS = /\d+|\D+/g;
const DIGITS = /^\d/;

function compareDigits(a: string, b: string): number {
  const p = a.replace(/^0+(?=\d)/, "");
  const q = b.replace(/^0+(?=\d)/, "");
  return p.length !== q.length ? p.length - q.length : compareStrings(p, q);
}
