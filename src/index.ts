import { makeApp } from "./app";
import { compose } from "./compose";
import type { Env } from "./env";

export { AlertRouter } from "../durable-objects/alert-router";
export { Incident } from "../durable-objects/incident";
export { LiveHub } from "../durable-objects/live-hub";
export { MetricShard } from "../durable-objects/metric-shard";
export { Receiver } from "../durable-objects/receiver";
export { RuleGroup } from "../durable-objects/rule-group";
export { Spill } from "../durable-objects/spill";

export default {
  fetch(request, env, ctx) {
    return makeApp(compose(env, (work) => ctx.waitUntil(work))).fetch(request);
  },
} satisfies ExportedHandler<Env>;
