import type { Clock } from "../core/clock";
import type { Objects } from "../core/object-stubs";
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
} from "../core/objects";
import { type Env, REGIONS } from "../env";

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

/**
 * Stubs of one project's objects, in the deployment's region: an object stays where its first
 * `get` put it, so the hint is the same on every one. `onRequest` hears of each call, by class.
 */
export function makeObjects(
  env: Env,
  projectId: string,
  clock: Clock,
  onRequest?: (className: string) => void,
): Objects {
  const region = REGIONS.find((r) => r === env.REGION);
  const options = region === undefined ? undefined : { locationHint: region };
  const stub = <T extends object>(
    ns: DurableObjectNamespace,
    className: string,
    rest: string,
  ): T => {
    // A stub answers any method by RPC; the interface says which the class has (core/objects.ts).
    const made = ns.getByName(`${projectId}/${rest}`, options) as unknown as T;
    return onRequest === undefined ? made : heard(made, () => onRequest(className));
  };
  return {
    metricShard: (shard) => stub<MetricShardRpc>(env.METRIC_SHARD, "MetricShard", String(shard)),
    ruleGroup: (group) => stub<RuleGroupRpc>(env.RULE_GROUP, "RuleGroup", group),
    scraper: (job) => stub<ScraperRpc>(env.SCRAPER, "Scraper", job),
    alertRouter: () => stub<AlertRouterRpc>(env.ALERT_ROUTER, "AlertRouter", "router"),
    receiver: (integration) => stub<ReceiverRpc>(env.RECEIVER, "Receiver", integration),
    heartbeats: () => stub<HeartbeatsRpc>(env.HEARTBEATS, "Heartbeats", "heartbeats"),
    incident: (id) => stub<IncidentRpc>(env.INCIDENT, "Incident", id),
    liveHub: () => stub<LiveHubRpc>(env.LIVE_HUB, "LiveHub", "hub"),
    spill: (signal) => stub<SpillRpc>(env.SPILL, "Spill", signal),
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

/** The same stub, with `called` run before each of its methods. */
function heard<T extends object>(stub: T, called: () => void): T {
  return new Proxy(stub, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        called();
        return Reflect.apply(member, target, args);
      };
    },
  });
}
