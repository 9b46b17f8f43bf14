import type { LogLine } from "../core/logs";

/** A word longer than this is cut, in the index and in questions alike. */
const MAX_WORD = 64;

const BEYOND_ASCII = /[\u0080-\uffff]/;
const ASCII_WORD = /[a-z0-9_]+/g;
/** Scripts written without spaces: each character is a word, a phrase finds them in a row. */
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const WORD = new RegExp(`[${UNSPACED}]|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])+`, "gu");

/** The words of a text in order: runs of letters, digits and `_`, without case. */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  const found = lower.match(BEYOND_ASCII.test(lower) ? WORD : ASCII_WORD);
  if (found === null) return [];
  return found.map((w) => (w.length > MAX_WORD ? w.slice(0, MAX_WORD) : w));
}

/** The texts of a line in which words are looked for; an attribute is one text, name and value. */
export function searchableTexts(line: LogLine): string[] {
  const out = [line.message, line.service];
  if (line.levelText !== "") out.push(line.levelText);
  for (const [name, value] of Object.entries(line.attributes)) out.push(`${name} ${value}`);
  if (line.traceId !== "") out.push(line.traceId);
  if (line.spanId !== "") out.push(line.spanId);
  return out;
}

/** The word that stands for a service in a chunk's filter; no text can hold it. */
export function serviceWord(service: string): string {
  return `service:${service}`;
}

/** Every word of the lines, each once: what a chunk's filter is made of. */
export function indexWords(lines: readonly LogLine[]): Set<string> {
  // One long text is cut three times as fast as many short ones.
  const out = new Set(wordsOf(lines.flatMap(searchableTexts).join("\n")));
  for (const line of lines) out.add(serviceWord(line.service));
  return out;
}

/** Whether `words` stand next to each other in `text`. */
export function hasPhrase(text: string, words: readonly string[]): boolean {
  const first = words[0];
  if (first === undefined) return true;
  // Cheaper than cutting the text into words, and refuses most.
  if (first.length < MAX_WORD && !text.toLowerCase().includes(first)) return false;
  const own = wordsOf(text);
  for (let i = own.indexOf(first); i >= 0; i = own.indexOf(first, i + 1)) {
    if (words.every((w, k) => own[i + k] === w)) return true;
  }
  return false;
}
