import { makeApp } from "./app";
import { compose } from "./compose";
import { runDueJobs } from "./jobs/run";
import { ConfigError, type Env } from "./env";

export { AlertRouter } from "../durable-objects/alert-router";
export { Heartbeats } from "../durable-objects/heartbeats";
export { Incident } from "../durable-objects/incident";
export { LiveHub } from "../durable-objects/live-hub";
export { MetricShard } from "../durable-objects/metric-shard";
export { Receiver } from "../durable-objects/receiver";
export { RuleGroup } from "../durable-objects/rule-group";
export { Scraper } from "../durable-objects/scraper";
export { Spill } from "../durable-objects/spill";

const app = makeApp();

export default {
  fetch(request, env, ctx) {
    try {
      return app.fetch(
        request,
        compose(env, (work) => ctx.waitUntil(work)),
      );
    } catch (e) {
      if (e instanceof ConfigError)
        return new Response(`Vedette is not set up: ${e.message}\n`, { status: 500 });
      throw e;
    }
  },
  async scheduled(controller, env, ctx) {
    await runDueJobs(
      compose(env, (work) => ctx.waitUntil(work)),
      controller.scheduledTime,
    );
  },
} satisfies ExportedHandler<Env>;
