import { repeatGroups } from "../ingest/pushgateway/group";
import { each } from "./each";
import { type Job, EVERY_MINUTE } from "./job";

/**
 * Writes the values of every pushed group again, as a Prometheus that scrapes a
 * Pushgateway would: without it a group would go stale 5 minutes after its push.
 */
export const repeatPushGroups: Job = {
  name: "repeat-push-groups",
  pattern: EVERY_MINUTE,
  what: "keeps pushed groups current until they are replaced or deleted",
  async run(deps, nowMs) {
    let repeated = 0;
    await each(await deps.projectIds(), String, async (projectId) => {
      const groups = await deps.pushGroups(projectId).list();
      if (groups.length > 0) await deps.metrics(projectId).append(repeatGroups(groups, nowMs));
      repeated += groups.length;
      return projectId;
    });
    return `repeated ${repeated} ${repeated === 1 ? "group" : "groups"}`;
  },
};
