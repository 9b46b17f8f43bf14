export type Algorithm = "jarowinkler" | "subsequence";

export interface SearchTerms {
  /** Any of them; none: everything. */
  readonly terms: readonly string[];
  readonly algorithm: Algorithm;
  /** From 0 to 1; what resembles a term less is left out. */
  readonly threshold: number;
  readonly caseSensitive: boolean;
}

/** How well a text answers a search, from above 0 to 1; undefined where it does not. */
export function scorer(s: SearchTerms): (text: string) => number | undefined {
  const fold = (text: string): string => (s.caseSensitive ? text : text.toLowerCase());
  const terms = s.terms.map(fold);
  return (text) => {
    if (terms.length === 0) return 1;
    const folded = fold(text);
    let best: number | undefined;
    for (const term of terms) {
      const score = scoreOf(folded, term, s);
      if (score !== undefined && score > (best ?? 0)) best = score;
    }
    return best;
  };
}

/** A beginning is worth 1 in either way; Jaro and Winkler's measure is taken only above a threshold. */
function scoreOf(text: string, term: string, s: SearchTerms): number | undefined {
  if (text.startsWith(term)) return 1;
  if (s.algorithm === "subsequence") {
    const score = subsequence(text, term);
    return score > 0 && score >= s.threshold ? score : undefined;
  }
  if (text.includes(term)) return 0.9;
  if (s.threshold === 0) return undefined;
  const score = jaroWinkler(text, term);
  return score >= s.threshold ? score : undefined;
}

/** All of the term's characters in order: the longer their runs and the less between, the nearer to 1. */
export function subsequence(text: string, term: string): number {
  let at = 0;
  let runs = 0;
  let before = -2;
  let first = -1;
  for (const c of term) {
    const found = text.indexOf(c, at);
    if (found < 0) return 0;
    if (first < 0) first = found;
    if (found !== before + 1) runs++;
    before = found;
    at = found + c.length;
  }
  return term.length / (at - first) / runs;
}

/** https://en.wikipedia.org/wiki/Jaro%E2%80%93Winkler_distance, as a similarity. */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  if (a === "" || b === "") return 0;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Uint8Array(b.length);
  const matched: string[] = [];
  for (let i = 0; i < a.length; i++) {
    const to = Math.min(b.length, i + reach + 1);
    for (let j = Math.max(0, i - reach); j < to; j++) {
      if (taken[j] === 1 || a[i] !== b[j]) continue;
      taken[j] = 1;
      matched.push(a[i] as string);
      break;
    }
  }
  const m = matched.length;
  if (m === 0) return 0;
  let moved = 0;
  let k = 0;
  for (let j = 0; j < b.length; j++) if (taken[j] === 1 && b[j] !== matched[k++]) moved++;
  const jaro = (m / a.length + m / b.length + (m - moved / 2) / m) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++;
  return jaro + prefix * 0.1 * (1 - jaro);
}
