import type { Context } from "hono";
import { configInForce, loadStoredBundle } from "../../alerting/effective-config";
import { matcherPredicate } from "../../alerting/routing";
import { shownConfig } from "../../alerting/shown-config";
import { receiverLabels } from "../../alerting/v2-view";
import type { AppEnv } from "../deps";
import { startedAtMs } from "../prometheus/status";
import { readMatchers } from "./filter";
import { answer, refused } from "./respond";

/** The release whose API and configuration this follows. */
const ALERTMANAGER_VERSION = "0.34.0";

/** `GET /api/v2/status`. There is no cluster: the router is one object wherever it is asked from. */
export async function status(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const configs = deps.configStore(c.get("actor").projectId);
  const { bundle } = await loadStoredBundle(configs, deps.config.local);
  return answer({
    cluster: { peers: [], status: "disabled" },
    config: { original: shownConfig(bundle.alertmanagerConfig) },
    uptime: new Date(startedAtMs(deps)).toISOString(),
    versionInfo: {
      branch: "",
      buildDate: "",
      buildUser: `vedette ${deps.config.version}`,
      goVersion: "",
      revision: "",
      version: ALERTMANAGER_VERSION,
    },
  });
}

/** `GET /api/v2/receivers`, in the configuration's order. */
export async function receivers(c: Context<AppEnv>): Promise<Response> {
  const matchers = readMatchers(c, "receiver_matchers");
  if (!matchers.ok) return refused(400, matchers.error);
  const wanted = matcherPredicate(matchers.value);
  const config = await configInForce(c.get("deps").objects(c.get("actor").projectId));
  return answer(
    config.receivers
      .map((r) => ({ name: r.name, labels: receiverLabels(r) }))
      .filter((r) => wanted(r.labels)),
  );
}
