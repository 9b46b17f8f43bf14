/** Whether a path matches a pattern of `rule_files`: `*`, `?` and `[a-z]` within one part of the path, as Go's filepath.Match. */
export function matchesGlob(pattern: string, path: string): boolean {
  const items = itemsOf(pattern);
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (let i = 0; i < path.length;) {
    const item = items[at];
    if (item === STAR) {
      star = at++;
      starAt = i;
    } else if (item !== undefined && item(path[i] as string)) {
      at++;
      i++;
    } else if (star >= 0 && path[starAt] !== "/") {
      // Only the last star need take one more: what stood before it has its match.
      i = ++starAt;
      at = star + 1;
    } else return false;
  }
  while (items[at] === STAR) at++;
  return at === items.length;
}

/** Whether a pattern names more than one path. */
export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/** `directory/name` with `.` and `..` resolved; an absolute `name` stands for itself. */
export function joinPath(directory: string, name: string): string {
  const absolute = name.startsWith("/") || (directory.startsWith("/") && directory !== "");
  const out: string[] = [];
  for (const part of (name.startsWith("/") ? name : `${directory}/${name}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && out.length > 0 && out.at(-1) !== "..") out.pop();
    else out.push(part);
  }
  return (absolute ? "/" : "") + out.join("/");
}

export function directoryOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

type Item = (c: string) => boolean;
const STAR: Item = (c) => c !== "/";

function itemsOf(pattern: string): Item[] {
  const out: Item[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const close = c === "[" ? pattern.indexOf("]", i + 2) : -1;
    if (c === "*") out.push(STAR);
    else if (c === "?") out.push((x) => x !== "/");
    else if (close > 0) {
      out.push(classOf(pattern.slice(i + 1, close)));
      i = close;
    } else out.push((x) => x === c);
  }
  return out;
}

/** `a-z0` of `[a-z0]`, or with `^` before it all others. */
function classOf(text: string): Item {
  const negated = text.startsWith("^");
  const body = negated ? text.slice(1) : text;
  const ranges: (readonly [string, string])[] = [];
  for (let i = 0; i < body.length; i++) {
    const from = body[i] as string;
    const ranged = body[i + 1] === "-" && i + 2 < body.length;
    ranges.push([from, ranged ? (body[i + 2] as string) : from]);
    if (ranged) i += 2;
  }
  return (x) => x !== "/" && ranges.some(([from, to]) => x >= from && x <= to) !== negated;
}
