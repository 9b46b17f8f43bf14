import type { AlertHistory } from "../alerting/history";
import type { Clock, IdSource, Random } from "../core/clock";
import type { ConfigStore } from "../core/config-store";
import type { AnalyticsSink, EventStore } from "../core/events";
import type { LogStore } from "../core/logs";
import type { MetricKeeper, MetricReader, MetricWriter } from "../core/metric-store";
import type { JobStore } from "../core/jobs";
import type { Objects, TickingObject } from "../core/object-stubs";
import type { IncidentStore } from "../incidents/store";
import type { NotificationHistory } from "../notify/history";
import type { Sealer } from "../core/seal";
import type { SecretStore } from "../core/secrets";
import type { ReportStore } from "../reports/store";
import type { TraceStore } from "../core/traces";
import type { Config } from "../env";
import type { PushGroupStore } from "../ingest/pushgateway/group";
import type { ElectionCache, ElectionStore } from "../ingest/replicas/election";
import type { RateLimiter } from "./rate-limit";
import type { Outside } from "./scrape/fetch";
import type { SelfMetrics } from "./self-metrics";
import type { Actor, TokenStore } from "../core/auth";

/** What routes and jobs ask through. Made once per request by src/compose.ts; every port is per project. */
export interface Deps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: IdSource;
  /** Keeps the Worker alive for work after the response. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly tokens: TokenStore;
  readonly rateLimiter: RateLimiter;
  readonly selfMetrics: SelfMetrics;
  /** How scrapes and probes reach their targets. */
  readonly outside: Outside;
  metrics(projectId: string): MetricReader & MetricWriter & MetricKeeper;
  logs(projectId: string): LogStore;
  traces(projectId: string): TraceStore;
  events(projectId: string): EventStore;
  /** Points for totals at scale; writing is free of effect where Analytics Engine is not bound. */
  analytics(projectId: string): AnalyticsSink;
  objects(projectId: string): Objects;
  configStore(projectId: string): ConfigStore;
  /** Seals what may not lie in plain text. */
  sealer(projectId: string): Sealer;
  /** What `${NAME}` in a configuration file stands for. */
  secrets(projectId: string): SecretStore;
  pushGroups(projectId: string): PushGroupStore;
  /** Between replicas of remote-write senders; what this isolate knows, and where it is asked. */
  elections(projectId: string): {
    readonly store: ElectionStore;
    readonly cache: ElectionCache;
  };
  alertHistory(projectId: string): AlertHistory;
  notificationHistory(projectId: string): NotificationHistory;
  incidents(projectId: string): IncidentStore;
  reports(projectId: string): ReportStore;
  readonly jobs: JobStore;
  /** Every project of the deployment. */
  projectIds(): Promise<string[]>;
  /** Every object that the cron must find ticking. */
  tickingObjects(): Promise<TickingObject[]>;
  /** The deployment's `send_email` binding; undefined where it has none. */
  readonly sendEmail: ((message: EmailMessageBuilder) => Promise<unknown>) | undefined;
  /** Serves a file of the web app. */
  asset(request: Request): Promise<Response>;
  /** One trivial D1 query; gives its latency in ms or throws. */
  pingDatabase(): Promise<number>;
}

/** Hono's generics for every route: `c.get("deps")`, and behind `requireScope` also `c.get("actor")`. */
export interface AppEnv {
  /** index.ts hands the ports in where Hono expects bindings, so that the app is built once per isolate. */
  Bindings: Deps;
  Variables: { deps: Deps; actor: Actor };
}
