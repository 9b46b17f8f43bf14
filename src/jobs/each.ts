/**
 * Does the work of a job part by part, one after the other. A part that fails stops no other; in
 * the end the job fails with what became of each.
 */
export async function each<T>(
  parts: readonly T[],
  nameOf: (part: T) => string,
  work: (part: T) => Promise<string>,
): Promise<string[]> {
  const lines: string[] = [];
  const failures: string[] = [];
  for (const part of parts) {
    try {
      lines.push(await work(part));
    } catch (e) {
      failures.push(`${nameOf(part)}: ${e instanceof Error ? e.message : String(e)}`);
    }
  }
  if (failures.length > 0) throw new Error([...failures, ...lines].join("; "));
  return lines;
}
