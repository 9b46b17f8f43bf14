/** The project that exists without being made. */
export const DEFAULT_PROJECT = "default";

export async function listProjects(db: D1Database): Promise<string[]> {
  const { results } = await db.prepare("SELECT id FROM projects ORDER BY id").all<{ id: string }>();
  const ids = results.map((r) => r.id);
  return ids.includes(DEFAULT_PROJECT) ? ids : [DEFAULT_PROJECT, ...ids];
}
