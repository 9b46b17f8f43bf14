/** A bound parameter may have 2 MB (D:d1/platform/limits); half of it leaves room for characters of several bytes. */
const MAX_CHARS = 1_000_000;
const MAX_RECORDS = 500;

/** Records as JSON arrays, each of which one statement can take as a parameter for json_each. */
export function recordsInStatements(records: readonly object[]): string[] {
  const out: string[] = [];
  let part: string[] = [];
  let chars = 0;
  const end = (): void => {
    if (part.length > 0) out.push(`[${part.join(",")}]`);
    part = [];
    chars = 0;
  };
  for (const record of records) {
    const json = JSON.stringify(record);
    if (part.length >= MAX_RECORDS || chars + json.length > MAX_CHARS) end();
    part.push(json);
    chars += json.length;
  }
  end();
  return out;
}
