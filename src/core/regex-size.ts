/**
 * About how many instructions RE2 makes of a pattern: what is repeated counts as often as it may be. Never less by much, and
 * found without compiling, which for `x{1000}` written a thousand times takes seconds and 100 MB.
 */
export function regexSize(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (let at = 0; at < pattern.length;) {
    const c = pattern[at] as string;
    const repeat = c === "{" ? REPEAT.exec(pattern.slice(at, at + REPEAT_CHARS)) : null;
    if (repeat !== null) {
      const most = Math.max(Number(repeat[1]), Number(repeat[2] ?? 0), 1);
      size += last * (most - 1);
      last *= most;
      at += repeat[0].length;
      continue;
    }
    if (c === "(") {
      outer.push(size);
      size = 2;
      at++;
      continue;
    }
    if (c === ")") {
      last = size;
      size += outer.pop() ?? 0;
      at++;
      continue;
    }
    last = 1;
    size++;
    at += c === "[" ? classLength(pattern, at) : c === "\\" ? 2 : 1;
  }
  return outer.reduce((a, b) => a + b, size);
}

const REPEAT = /^\{(\d{1,4})(?:,(\d{1,4})?)?\}/;
const REPEAT_CHARS = 12;

/** A class is one instruction, whatever it holds; `]` right behind its beginning is one of its characters. */
function classLength(pattern: string, from: number): number {
  let at = from + 1;
  if (pattern[at] === "^") at++;
  if (pattern[at] === "]") at++;
  while (at < pattern.length && pattern[at] !== "]") {
    if (pattern.startsWith("[:", at)) {
      const end = pattern.indexOf(":]", at);
      at = end < 0 ? at + 1 : end + 2;
    } else at += pattern[at] === "\\" ? 2 : 1;
  }
  return at + 1 - from;
}
