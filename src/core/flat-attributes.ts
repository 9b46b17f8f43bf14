/**
 * Nested data as flat names and texts: `{a: {b: 1}}` becomes `a.b = "1"`. Lists stay one
 * value, as JSON. Null and undefined are absent.
 */
export function flattenInto(out: Record<string, string>, prefix: string, value: unknown): void {
  const open: (readonly [string, unknown, number])[] = [[prefix, value, 0]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [name, v, depth] = at;
    if (v === null || v === undefined) continue;
    if (typeof v === "string") put(out, name, v);
    else if (typeof v !== "object") put(out, name, String(v));
    else if (Array.isArray(v) || depth >= MAX_DEPTH) put(out, name, JSON.stringify(v));
    else {
      // Reversed, as the stack gives the last first.
      const entries = Object.entries(v);
      for (let i = entries.length - 1; i >= 0; i--) {
        const [k, inner] = entries[i] as [string, unknown];
        open.push([name === "" ? k : `${name}.${k}`, inner, depth + 1]);
      }
    }
  }
}

const MAX_DEPTH = 8;

function put(out: Record<string, string>, name: string, text: string): void {
  // defineProperty, so that a name `__proto__` is only a name.
  if (name === "__proto__")
    Object.defineProperty(out, name, {
      value: text,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else out[name] = text;
}
