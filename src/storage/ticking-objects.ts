import type { TickingClass, TickingObject } from "../core/object-stubs";
import type { Ticking } from "../core/objects";
import type { Env } from "../env";

/** The objects of `ticking_objects`, each with a stub of its class. */
export async function listTickingObjects(env: Env): Promise<TickingObject[]> {
  const { results } = await env.DB.prepare(
    "SELECT class_name, object_name FROM ticking_objects ORDER BY class_name, object_name",
  ).all<{ class_name: TickingClass; object_name: string }>();
  return results.map((r) => ({
    className: r.class_name,
    objectName: r.object_name,
    // Every class on the list implements Ticking (core/objects.ts).
    ensureTicking: () =>
      (
        namespaceOf(env, r.class_name).getByName(r.object_name) as unknown as Ticking
      ).ensureTicking(),
  }));
}

function namespaceOf(env: Env, name: TickingClass): DurableObjectNamespace {
  switch (name) {
    case "MetricShard":
      return env.METRIC_SHARD;
    case "RuleGroup":
      return env.RULE_GROUP;
    case "AlertRouter":
      return env.ALERT_ROUTER;
    case "Receiver":
      return env.RECEIVER;
    case "Heartbeats":
      return env.HEARTBEATS;
    case "Incident":
      return env.INCIDENT;
    case "Scraper":
      return env.SCRAPER;
    case "Spill":
      return env.SPILL;
  }
}
