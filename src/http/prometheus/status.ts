import type { Context } from "hono";
import type { NamedCount } from "../../core/metric-store";
import { DEFAULT_LOOKBACK_MS, DEFAULT_MAX_SAMPLES } from "../../promql";
import type { AppEnv, Deps } from "../deps";
import { loadRetention } from "../settings/retention";
import { atoi, readParams } from "./params";
import { badData, failure, refusable, success } from "./respond";

/** The Prometheus release whose query API and language this follows; data sources switch features on by it. */
const PROMETHEUS_VERSION = "3.5.0";

/** `/api/v1/status/buildinfo` */
export function buildInfo(c: Context<AppEnv>): Response {
  const { version } = c.get("deps").config;
  return success({
    version: PROMETHEUS_VERSION,
    revision: "",
    branch: "",
    buildUser: `vedette ${version}`,
    buildDate: "",
    goVersion: "",
  });
}

/** When this isolate answered first, ms: the nearest to a process' start that there is. */
let startedMs: number | undefined;

export function startedAtMs({ clock }: Pick<Deps, "clock">): number {
  return (startedMs ??= clock());
}

/** `/api/v1/status/runtimeinfo`. A Worker has no directory, processors or collector of its own: those are empty or 0. */
export async function runtimeInfo(c: Context<AppEnv>): Promise<Response> {
  const { clock, config } = c.get("deps");
  const now = clock();
  const started = new Date(startedAtMs(c.get("deps"))).toISOString();
  return success({
    startTime: started,
    CWD: "/",
    hostname: config.externalUrl === undefined ? "" : new URL(config.externalUrl).hostname,
    serverTime: new Date(now).toISOString(),
    reloadConfigSuccess: true,
    lastConfigTime: started,
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: 1,
    GOMEMLIMIT: 128 * 1024 * 1024,
    GOGC: "",
    GODEBUG: "",
    storageRetention: await retentionOf(c),
  });
}

/** `/api/v1/status/flags`: the settings of this deployment under the names of Prometheus' flags. */
export async function flags(c: Context<AppEnv>): Promise<Response> {
  const { config } = c.get("deps");
  return success({
    "enable-feature":
      "exemplar-storage,native-histograms,otlp-deltatocumulative,promql-experimental-functions",
    "query.lookback-delta": `${DEFAULT_LOOKBACK_MS / 60_000}m`,
    "query.max-samples": String(config.queryMaxSamples ?? DEFAULT_MAX_SAMPLES),
    "query.timeout": "2m",
    "storage.tsdb.retention.time": await retentionOf(c),
    "web.cors.origin": config.corsOrigin ?? "",
    "web.enable-admin-api": "true",
    "web.enable-lifecycle": "false",
    "web.enable-otlp-receiver": "true",
    "web.enable-remote-write-receiver": "true",
    "web.external-url": config.externalUrl ?? "",
    "web.page-title": "Vedette",
  });
}

/** How long the project's metrics are kept, as a duration. */
async function retentionOf(c: Context<AppEnv>): Promise<string> {
  const { metrics } = await loadRetention(c.get("deps").configStore(c.get("actor").projectId));
  return `${metrics}d`;
}

/** A log is replayed before its object answers anything, so that nothing is ever to be replayed here. */
export function walReplay(): Response {
  return success({ min: 0, max: 0, current: 0 });
}

const DEFAULT_TOP = 10;
const MAX_TOP = 10_000;
/** Label names that are counted for `numLabelPairs`; beyond them it is a lower bound. */
const LABEL_NAMES = 500;

/** `/api/v1/status/tsdb`: what fills the index, and beyond Prometheus what came in the last hour. */
export async function tsdbStatus(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const text = params.value.get("limit") ?? "";
  const limit = text === "" ? DEFAULT_TOP : atoi(text);
  const n = typeof limit === "number" ? limit : limit.ok ? limit.value : 0;
  if (n < 1) return failure(badData("limit must be a positive number"));
  if (n > MAX_TOP) return failure(badData(`limit must not exceed ${MAX_TOP}`));
  const reader = c.get("deps").metrics(c.get("actor").projectId);
  return refusable(async () => {
    const all = await reader.cardinality(Math.max(n, LABEL_NAMES));
    const top = (list: readonly NamedCount[]): readonly NamedCount[] => list.slice(0, n);
    return success({
      headStats: {
        numSeries: all.activeSeries,
        numLabelPairs: all.labelValueCountByLabelName.reduce((sum, l) => sum + l.value, 0),
        chunkCount: all.chunks,
        minTime: timeOrNone(all.minTimeMs),
        maxTime: timeOrNone(all.maxTimeMs),
        maxSeries: all.maxSeries,
      },
      seriesCountByMetricName: top(all.seriesCountByMetricName),
      labelValueCountByLabelName: top(all.labelValueCountByLabelName),
      memoryInBytesByLabelName: top(all.memoryInBytesByLabelName),
      seriesCountByLabelValuePair: top(all.seriesCountByLabelValuePair),
      newSeriesByMetricName: top(all.newSeriesByMetricName),
    });
  });
}

/** Where nothing is stored there is no first or last time. */
function timeOrNone(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}
