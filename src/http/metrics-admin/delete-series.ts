import type { Context } from "hono";
import { ShardUnavailableError } from "../../core/metric-store";
import type { AppEnv } from "../deps";
import {
  MAX_TIME_MS,
  MIN_TIME_MS,
  invalid,
  matchParams,
  optionalTimeParam,
  readParams,
} from "../prometheus/params";
import { badData, failure } from "../prometheus/respond";

/**
 * `POST` or `PUT /api/v1/admin/tsdb/delete_series` with `match[]`, `start`, `end` (both included; all of time unless given):
 * 204 when no reader sees the samples any more
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#delete-series).
 */
export async function deleteSeries(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  if (!params.value.has("match[]")) return failure(badData("no match[] parameter provided"));
  const lists = matchParams(params.value);
  if (!lists.ok) return failure(invalid("match[]", lists.error));
  const start = optionalTimeParam(params.value, "start", MIN_TIME_MS);
  if (!start.ok) return failure(start.error);
  const end = optionalTimeParam(params.value, "end", MAX_TIME_MS);
  if (!end.ok) return failure(end.error);
  if (end.value < start.value)
    return failure(badData("end timestamp must not be before start time"));
  return changing(c, async (projectId) => {
    await c.get("deps").metrics(projectId).deleteSeries(lists.value, start.value, end.value);
  });
}

/** `POST /api/v1/admin/tsdb/clean_tombstones`: what was deleted leaves the disk, in the background. */
export async function cleanTombstones(c: Context<AppEnv>): Promise<Response> {
  return changing(c, (projectId) => c.get("deps").metrics(projectId).cleanTombstones());
}

/** `POST /api/v1/admin/tsdb/snapshot`: there is no file system to put one on. */
export function snapshot(): Response {
  return failure({
    status: 422,
    errorType: "execution",
    error:
      "snapshot is not supported: a Durable Object keeps its own point-in-time recovery of 30 days; read data out by /api/v1/read or /federate",
  });
}

async function changing(
  c: Context<AppEnv>,
  change: (projectId: string) => Promise<void>,
): Promise<Response> {
  try {
    await change(c.get("actor").projectId);
    return c.body(null, 204);
  } catch (e) {
    // An error's class does not cross from the shard; its name does.
    if (e instanceof Error && e.name === "TombstoneLimitError")
      return failure({ status: 422, errorType: "execution", error: e.message });
    if (!(e instanceof ShardUnavailableError)) throw e;
    return failure({ status: 503, errorType: "unavailable", error: e.message });
  }
}
