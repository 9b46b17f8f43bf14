/** Rows of one D1 batch, each with up to 1 MB of hex: a larger request goes in several. */
const ROWS_A_BATCH = 8;

/**
 * Runs the statements of `rows` in order, a few rows a batch; each batch is one transaction and the
 * statements must be idempotent. Gives the rows written.
 */
export async function writeInBatches<T>(
  db: D1Database,
  rows: readonly T[],
  statements: (row: T) => readonly D1PreparedStatement[],
  last: readonly D1PreparedStatement[] = [],
): Promise<number> {
  let written = 0;
  for (let i = 0; i < rows.length; i += ROWS_A_BATCH) {
    const list = rows.slice(i, i + ROWS_A_BATCH).flatMap(statements);
    if (i + ROWS_A_BATCH >= rows.length) list.push(...last);
    for (const r of await db.batch(list)) written += r.meta.rows_written;
  }
  return written;
}
