import type { Objects } from "./core/object-stubs";
import { type SealKey, type Sealer, deriveSealKey, makeSealer } from "./core/seal";
import type { Deps } from "./http/deps";
import type { ElectionCache } from "./ingest/replicas/election";
import { outsideOf } from "./http/scrape/outside";
import { makeSelfMetrics } from "./http/self-metrics";
import { type Env, parseConfig } from "./env";
import { makeAlertHistory } from "./storage/alert-history";
import { makeAnalyticsSink, pointAllowance } from "./storage/analytics-engine";
import { makeConfigStore } from "./storage/config-store";
import { makeElectionStore } from "./storage/elections";
import { makeEventStore } from "./storage/event-store";
import { makeIncidentStore } from "./storage/incident-store";
import { makeJobStore } from "./storage/job-store";
import { makeLogStore } from "./storage/log-store";
import { makeMetricStore } from "./storage/metric-store";
import { makeNotificationHistory } from "./storage/notification-history";
import { makeObjects } from "./storage/objects";
import { makePushGroupStore } from "./storage/push-groups";
import { shardsOf } from "./storage/shard-epochs";
import { listProjects } from "./storage/projects";
import { makeSecretStore } from "./storage/secrets";
import { makeReportStore } from "./storage/report-store";
import { listTickingObjects } from "./storage/ticking-objects";
import { makeTraceStore } from "./storage/trace-store";
import { makeTokenStore } from "./storage/token-store";

/** One per isolate: requests are counted here until they are flushed. */
const selfMetrics = makeSelfMetrics();

const clock = (): number => Date.now();

/** One per isolate and project, as selfMetrics. */
const electionCaches = new Map<string, ElectionCache>();

function electionCache(projectId: string): ElectionCache {
  let cache = electionCaches.get(projectId);
  if (cache === undefined) {
    cache = new Map();
    electionCaches.set(projectId, cache);
  }
  return cache;
}

/** Builds the ports from the bindings. The composition root of the Worker's routes and jobs. */
export function compose(env: Env, waitUntil: (work: Promise<unknown>) => void): Deps {
  const objectsOf = (projectId: string): Objects =>
    makeObjects(env, projectId, clock, (className) => selfMetrics.countObjectRequest(className));
  const points = pointAllowance();
  const mail = env.EMAIL;
  return {
    config: configOf(env),
    clock,
    random: () => Math.random(),
    newId: () => crypto.randomUUID(),
    waitUntil,
    tokens: makeTokenStore(env.DB, clock),
    rateLimiter: async (kind, key) => {
      const limiter = { ingest: env.RATE_INGEST, beacon: env.RATE_BEACON, api: env.RATE_API }[kind];
      return limiter === undefined || (await limiter.limit({ key })).success;
    },
    selfMetrics,
    outside: outsideOf(env, configOf(env)),
    metrics: (projectId) => {
      const { metricShards } = configOf(env);
      return makeMetricStore(shardsOf(objectsOf(projectId), projectId, metricShards, clock));
    },
    logs: (projectId) => makeLogStore(env.DB, projectId, () => objectsOf(projectId).spill("logs")),
    traces: (projectId) =>
      makeTraceStore(env.DB, projectId, () => objectsOf(projectId).spill("traces")),
    events: (projectId) =>
      makeEventStore(env.DB, projectId, () => objectsOf(projectId).spill("events")),
    analytics: (projectId) => makeAnalyticsSink(env.ANALYTICS, projectId, points),
    objects: objectsOf,
    pushGroups: (projectId) => makePushGroupStore(env.DB, projectId),
    elections: (projectId) => ({
      store: makeElectionStore(env.DB, projectId),
      cache: electionCache(projectId),
    }),
    alertHistory: (projectId) => makeAlertHistory(env.DB, projectId),
    notificationHistory: (projectId) => makeNotificationHistory(env.DB, projectId),
    incidents: (projectId) => makeIncidentStore(env.DB, projectId),
    reports: (projectId) => makeReportStore(env.DB, projectId),
    jobs: makeJobStore(env.DB),
    projectIds: () => listProjects(env.DB),
    tickingObjects: () => listTickingObjects(env),
    configStore: (projectId) => makeConfigStore(env.DB, projectId, clock),
    sealer: (projectId) => sealerOf(env, projectId),
    secrets: (projectId) => makeSecretStore(env.DB, projectId, sealerOf(env, projectId), clock),
    sendEmail: mail === undefined ? undefined : (message) => mail.send(message),
    asset: (request) => env.ASSETS.fetch(request),
    async pingDatabase() {
      const start = clock();
      await env.DB.prepare("SELECT 1").first();
      return clock() - start;
    },
  };
}

const sealKeys = new WeakMap<Env, Promise<readonly [SealKey, ...SealKey[]]>>();

function sealerOf(env: Env, projectId: string): Sealer {
  return makeSealer(
    projectId,
    () => {
      let keys = sealKeys.get(env);
      if (keys === undefined) {
        const [first, ...rest] = configOf(env).sealingSecrets;
        keys = Promise.all([deriveSealKey(first), ...rest.map(deriveSealKey)]);
        sealKeys.set(env, keys);
      }
      return keys;
    },
    (count) => crypto.getRandomValues(new Uint8Array(count)),
  );
}

const configs = new WeakMap<Env, ReturnType<typeof parseConfig>>();

function configOf(env: Env): ReturnType<typeof parseConfig> {
  let config = configs.get(env);
  if (config === undefined) {
    config = parseConfig(env);
    configs.set(env, config);
  }
  return config;
}
