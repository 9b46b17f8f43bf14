import type { Fields } from "../alerting/yaml-fields";

/** The largest body that is read at all. */
export const MAX_BODY = 16 * 1024 * 1024;

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** `15MB`; 0 is no limit, which here is the largest body that is read at all. */
export function bytesOf(f: Fields, name: string): number | undefined {
  const node = f.take(name);
  if (node === undefined) return undefined;
  const text = f.scalarText(node, f.at(name));
  const m = /^(\d+(?:\.\d+)?)([KMG]?)i?B?$/.exec(text);
  if (m === null)
    return f.file.refuse(node, "value_wrong", `${f.at(name)} must be a size like 15MB`);
  const bytes = Number(m[1]) * (UNITS[m[2] ?? ""] ?? 1);
  return bytes === 0 ? MAX_BODY : Math.min(bytes, MAX_BODY);
}
