import { GoDuration, GoTime } from "./go-time";
import { SafeText } from "./values";

/** How large a value is. */
export interface Weight {
  /** About what it prints as. */
  readonly characters: number;
  /** Its own entries. */
  readonly items: number;
  /** Lists and maps within each other. */
  readonly depth: number;
}

/** Of a number, a time and of what surrounds each entry of a list. */
const SCALAR = 40;
const NONE = { items: 0, depth: 0 };
const OF_SCALAR: Weight = { ...NONE, characters: SCALAR };
const AROUND = 2;

/** Values never change, so that what is part of many others is measured once. */
const measured = new WeakMap<object, Weight>();

/** Measures a value; what a list holds twice counts twice, as it is printed twice. */
export function measure(value: unknown): Weight {
  if (typeof value === "string") return { ...NONE, characters: value.length };
  if (typeof value !== "object" || value === null) return OF_SCALAR;
  if (value instanceof SafeText) return { ...NONE, characters: value.text.length };
  if (value instanceof GoTime || value instanceof GoDuration) return OF_SCALAR;
  const known = measured.get(value);
  if (known !== undefined) return known;
  const named = !Array.isArray(value);
  const parts: readonly unknown[] = named ? Object.values(value) : value;
  let [characters, depth] = [AROUND, 0];
  if (named) for (const name of Object.keys(value)) characters += name.length;
  for (const part of parts) {
    // Most parts are texts, which need no record of their own.
    const one = typeof part === "string" ? undefined : measure(part);
    characters += AROUND + (one?.characters ?? (part as string).length);
    if (one !== undefined && one.depth > depth) depth = one.depth;
  }
  const made = { characters, items: parts.length, depth: depth + 1 };
  measured.set(value, made);
  return made;
}
