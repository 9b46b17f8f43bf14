/**
 * Whether a JSON value nests objects or lists more than `levels` deep. Looks no deeper than that, so
 * that a body of 100,000 brackets costs no stack: JSON.stringify and most walks recurse.
 */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((v) => nestsDeeperThan(v, levels - 1));
  for (const name in value) {
    // Parsed JSON has own properties alone.
    if (nestsDeeperThan((value as Readonly<Record<string, unknown>>)[name], levels - 1))
      return true;
  }
  return false;
}
