import { type Labels, compareStrings } from "../../core/labels";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  infinity: Infinity,
};

/** A decimal number, NaN or an infinity; undefined for anything else. */
export function parseValue(word: string): number | undefined {
  if (NUMBER.test(word)) return Number(word);
  const bare = word.replace(/^[+-]/, "").toLowerCase();
  return Object.hasOwn(SPECIAL, bare)
    ? (word[0] === "-" ? -1 : 1) * (SPECIAL[bare] as number)
    : undefined;
}

export function unescapeHelp(text: string, quotes: boolean): string {
  if (!text.includes("\\")) return text;
  return text.replace(quotes ? /\\([\\n"])/g : /\\([\\n])/g, (_, c: string) =>
    c === "n" ? "\n" : c,
  );
}

/** Pairs sorted by name, empty values dropped. Exposition has few labels a line: insertion is quickest. */
export function sortPairs(pairs: readonly string[]): Labels {
  const out: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    if (value === "") continue;
    let to = out.length;
    while (to > 0 && compareStrings(out[to - 2] as string, name) > 0) to -= 2;
    out.splice(to, 0, name, value);
  }
  return out;
}

export const isBlank = (unit: number): boolean => unit === 32 || unit === 9;

export function isLabelUnit(c: number, first: boolean): boolean {
  return (
    (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || (!first && c >= 48 && c <= 57)
  );
}

export function isMetricUnit(c: number, first: boolean): boolean {
  return c === 58 || isLabelUnit(c, first);
}
