import type { Clock } from "../core/clock";
import type { Objects } from "../core/object-stubs";
import type {
  AlertRouterRpc,
  IncidentRpc,
  LiveHubRpc,
  MetricShardRpc,
  ReceiverRpc,
  RuleGroupRpc,
  SpillRpc,
} from "../core/objects";
import type { Env } from "../env";

/** `<project>/<rest>` taken apart; a project id has no slash. */
export function parseObjectName(name: string | undefined): {
  readonly projectId: string;
  readonly rest: string;
} {
  const at = name?.indexOf("/") ?? -1;
  if (name === undefined || at < 1)
    throw new Error(`an object without a project in its name: ${JSON.stringify(name)}`);
  return { projectId: name.slice(0, at), rest: name.slice(at + 1) };
}

/** Stubs of one project's objects. `region` is the project's locationHint, the same on every get. */
export function makeObjects(
  env: Env,
  projectId: string,
  clock: Clock,
  region?: DurableObjectLocationHint,
): Objects {
  const options = region === undefined ? undefined : { locationHint: region };
  // A stub answers any method by RPC; the interface says which the class has (core/objects.ts).
  const stub = <T>(ns: DurableObjectNamespace, rest: string): T =>
    ns.getByName(`${projectId}/${rest}`, options) as unknown as T;
  return {
    metricShard: (shard) => stub<MetricShardRpc>(env.METRIC_SHARD, String(shard)),
    ruleGroup: (group) => stub<RuleGroupRpc>(env.RULE_GROUP, group),
    alertRouter: () => stub<AlertRouterRpc>(env.ALERT_ROUTER, "router"),
    receiver: (integration) => stub<ReceiverRpc>(env.RECEIVER, integration),
    incident: (id) => stub<IncidentRpc>(env.INCIDENT, id),
    liveHub: () => stub<LiveHubRpc>(env.LIVE_HUB, "hub"),
    spill: (signal) => stub<SpillRpc>(env.SPILL, signal),
    async registerTicking(className, objectName) {
      await env.DB.prepare(
        "INSERT INTO ticking_objects (project_id, class_name, object_name, registered_at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
      )
        .bind(projectId, className, `${projectId}/${objectName}`, clock())
        .run();
    },
    async unregisterTicking(className, objectName) {
      await env.DB.prepare("DELETE FROM ticking_objects WHERE class_name = ?1 AND object_name = ?2")
        .bind(className, `${projectId}/${objectName}`)
        .run();
    },
  };
}
