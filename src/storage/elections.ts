import type { Election, ElectionStore } from "../ingest/replicas/election";

interface Row {
  replica: string;
  seen_at_ms: number;
}

const GET =
  "SELECT replica, seen_at_ms FROM replica_elections WHERE project_id = ?1 AND cluster = ?2";

/** The elections of one project in D1 (schema/elections.ts). */
export function makeElectionStore(db: D1Database, projectId: string): ElectionStore {
  return {
    async get(cluster) {
      return electionOf(await db.prepare(GET).bind(projectId, cluster).first<Row>());
    },
    async swap(cluster, before, next) {
      const change =
        before === undefined
          ? db
              .prepare(
                "INSERT INTO replica_elections (project_id, cluster, replica, seen_at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
              )
              .bind(projectId, cluster, next.replica, next.seenAtMs)
          : db
              .prepare(
                "UPDATE replica_elections SET replica = ?3, seen_at_ms = ?4 WHERE project_id = ?1 AND cluster = ?2 AND replica = ?5 AND seen_at_ms = ?6",
              )
              .bind(
                projectId,
                cluster,
                next.replica,
                next.seenAtMs,
                before.replica,
                before.seenAtMs,
              );
      const [, standing] = await db.batch<Row>([change, db.prepare(GET).bind(projectId, cluster)]);
      return electionOf(standing?.results[0] ?? null) ?? next;
    },
  };
}

function electionOf(row: Row | null): Election | undefined {
  return row === null ? undefined : { replica: row.replica, seenAtMs: row.seen_at_ms };
}
