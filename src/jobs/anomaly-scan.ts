import { type Judged, firingSet, nextStates } from "../anomalies/alerts";
import { DEFAULT_WATCHED, type WatchedSeries, parseAnomalies } from "../anomalies/config";
import { judge } from "../anomalies/detector";
import { labelsKey, labelsToRecord } from "../core/labels";
import type { Deps } from "../http/deps";
import { evalInstant, parseExpr } from "../promql";
import { each } from "./each";
import type { Job } from "./job";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Earlier days that are looked at. */
const DAYS = 7;
const EVERY_MS = 5 * 60_000;

/** Compares the last hour of chosen series with the same hour of earlier days. */
export const anomalyScan: Job = {
  name: "anomaly-scan",
  pattern: "*/5 * * * *",
  what: "compares chosen series with the same hour of earlier days; what is far off becomes an alert",
  async run(deps, nowMs) {
    const lines = await each(await deps.projectIds(), String, async (projectId) =>
      (
        await each(
          await loadWatched(deps, projectId),
          (watched) => watched.name,
          (watched) => scan(deps, projectId, watched, nowMs),
        )
      ).join("; "),
    );
    return lines.join("; ");
  },
};

export async function loadWatched(
  deps: Deps,
  projectId: string,
): Promise<readonly WatchedSeries[]> {
  const document = await deps.configStore(projectId).get("anomalies", "default");
  if (document === undefined) return DEFAULT_WATCHED;
  const parsed = parseAnomalies(JSON.parse(document.body));
  // Checked when it was put.
  return parsed.ok ? parsed.value : DEFAULT_WATCHED;
}

async function scan(
  deps: Deps,
  projectId: string,
  watched: WatchedSeries,
  nowMs: number,
): Promise<string> {
  const judged = await judgeSeries(deps, projectId, watched, nowMs);
  const reports = deps.reports(projectId);
  const before = await reports.anomalyStates(watched.name);
  const states = nextStates(before, watched, judged, nowMs);
  if (before.length === 0 && states.length === 0) return `${watched.name}: ${summary(judged)}`;
  // The state comes first: a hand-over that is lost is repeated by the next scan.
  await reports.putAnomalyStates(watched.name, states, nowMs);
  await deps
    .objects(projectId)
    .alertRouter()
    .receive(firingSet(watched, states, nowMs, 3 * EVERY_MS, deps.config.externalUrl ?? ""));
  return `${watched.name}: ${summary(judged)}`;
}

async function judgeSeries(
  deps: Deps,
  projectId: string,
  watched: WatchedSeries,
  nowMs: number,
): Promise<Judged[]> {
  // The mean of the hour, from a value each minute.
  const parsed = parseExpr(`avg_over_time((${watched.expr})[1h:1m])`);
  if (!parsed.ok) throw new Error(`${watched.name}: ${parsed.error.message}`);
  const queryable = deps.metrics(projectId);
  const hours = await Promise.all(
    Array.from({ length: DAYS + 1 }, (_, day) =>
      evalInstant(parsed.value, { queryable, atMs: nowMs - day * DAY }),
    ),
  );
  const [now, ...earlier] = hours.map(
    (r) =>
      new Map(r.type === "vector" ? r.samples.map((s) => [labelsKey(s.labels), s] as const) : []),
  );
  return [...(now ?? new Map())].map(([key, sample]) => {
    const history = earlier.map((day) => day.get(key)?.value).filter((v) => v !== undefined);
    const { __name__: _, ...labels } = labelsToRecord(sample.labels);
    return { key, labels, value: sample.value, verdict: judge(sample.value, history) };
  });
}

function summary(judged: readonly Judged[]): string {
  if (judged.length === 0) return "no data";
  const reasons = new Map<string, number>();
  for (const j of judged) reasons.set(j.verdict.reason, (reasons.get(j.verdict.reason) ?? 0) + 1);
  return [...reasons].map(([r, n]) => (n === 1 ? r : `${n} ${r}`)).join(", ");
}
