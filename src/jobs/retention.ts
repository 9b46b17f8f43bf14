import type { Deps } from "../http/deps";
import { each } from "./each";
import type { Job } from "./job";
import { loadRetention } from "../http/settings/retention";
import { RETENTION_DAYS, type RetainedStore, type RetentionPeriods } from "./retention-periods";

const DAY = 86_400_000;
/** Bounded slices per store and run: a backlog is worked off over several runs. */
const MAX_SLICES = 100;
const ROWS_A_SLICE = 500;

/** Deletes what is older than its store's period. */
export const retention: Job = {
  name: "retention",
  pattern: "17 * * * *",
  what: "deletes what is older than its store's period",
  async run(deps, nowMs) {
    const parts = (await deps.projectIds()).flatMap((projectId) => {
      // Asked for once; where it fails each of the project's stores says so, and nothing of it is deleted.
      const periods = loadRetention(deps.configStore(projectId));
      periods.catch(() => undefined);
      return (Object.keys(RETENTION_DAYS) as RetainedStore[]).map((store) => ({
        projectId,
        store,
        periods,
      }));
    });
    const lines = await each(
      parts,
      ({ projectId, store }) => `${projectId} ${store}`,
      async ({ projectId, store, periods }) => {
        const rows = await retain(deps, projectId, store, await periods, nowMs);
        return rows === 0 ? "" : `${projectId} ${store}: ${rows} rows`;
      },
    );
    return lines.filter((l) => l !== "").join("; ") || "nothing is old enough";
  },
};

async function retain(
  deps: Deps,
  projectId: string,
  store: RetainedStore,
  periods: RetentionPeriods,
  nowMs: number,
): Promise<number> {
  const beforeMs = nowMs - periods[store] * DAY;
  switch (store) {
    case "metrics": {
      const rawBeforeMs = nowMs - periods.metrics_raw * DAY;
      return (await deps.metrics(projectId).retain(beforeMs, rawBeforeMs)).deletedRows;
    }
    case "logs":
      return inSlices(() => deps.logs(projectId).deleteBefore(beforeMs));
    case "traces":
      return inSlices(() => deps.traces(projectId).deleteBefore(beforeMs));
    case "events":
      return inSlices(() => deps.events(projectId).deleteBefore(beforeMs));
    case "alerts":
      return inSlices(() =>
        counted(deps.alertHistory(projectId).deleteBefore(beforeMs, ROWS_A_SLICE)),
      );
    case "notifications":
      return inSlices(() =>
        counted(deps.notificationHistory(projectId).deleteBefore(beforeMs, ROWS_A_SLICE)),
      );
    case "incidents":
      return inSlices(() =>
        counted(deps.incidents(projectId).deleteBefore(beforeMs, ROWS_A_SLICE)),
      );
    case "reports":
      return inSlices(() =>
        counted(
          deps
            .reports(projectId)
            .deleteBefore(new Date(beforeMs).toISOString().slice(0, 10), ROWS_A_SLICE),
        ),
      );
  }
}

interface Slice {
  readonly deletedRows: number;
  readonly more: boolean;
}

async function inSlices(slice: () => Promise<Slice>): Promise<number> {
  let rows = 0;
  for (let i = 0; i < MAX_SLICES; i++) {
    const done = await slice();
    rows += done.deletedRows;
    if (!done.more) break;
  }
  return rows;
}

async function counted(deleted: Promise<number>): Promise<Slice> {
  const deletedRows = await deleted;
  return { deletedRows, more: deletedRows === ROWS_A_SLICE };
}
