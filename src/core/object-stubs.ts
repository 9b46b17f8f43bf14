import type {
  AlertRouterRpc,
  HeartbeatsRpc,
  IncidentRpc,
  LiveHubRpc,
  MetricShardRpc,
  ReceiverRpc,
  RuleGroupRpc,
  ScraperRpc,
  SpillRpc,
  Ticking,
} from "./objects";

/** Reaches the project's Durable Objects. Every object's name starts with the project id. */
export interface Objects {
  metricShard(shard: number): MetricShardRpc;
  /** `group`: `<namespace>/<group>`. */
  ruleGroup(group: string): RuleGroupRpc;
  /** `job`: the job's name, percent-encoded. */
  scraper(job: string): ScraperRpc;
  alertRouter(): AlertRouterRpc;
  /** `integration`: `<receiver>/<type>/<index>`. */
  receiver(integration: string): ReceiverRpc;
  heartbeats(): HeartbeatsRpc;
  incident(incidentId: string): IncidentRpc;
  liveHub(): LiveHubRpc;
  /** `signal`: events, logs or traces. */
  spill(signal: string): SpillRpc;
  /** Puts an object on the list that the cron checks. Idempotent. */
  registerTicking(className: TickingClass, objectName: string): Promise<void>;
  unregisterTicking(className: TickingClass, objectName: string): Promise<void>;
}

export type TickingClass =
  | "MetricShard"
  | "RuleGroup"
  | "AlertRouter"
  | "Receiver"
  | "Heartbeats"
  | "Incident"
  | "Scraper"
  | "Spill";

/** One entry of the list that the cron checks. */
export interface TickingObject extends Ticking {
  readonly className: TickingClass;
  readonly objectName: string;
}
