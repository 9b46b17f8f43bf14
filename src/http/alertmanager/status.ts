import type { Context } from "hono";
import { configInForce, loadStoredBundle } from "../../alerting/effective-config";
import { matcherPredicate } from "../../alerting/routing";
import { shownConfig } from "../../alerting/shown-config";
import { receiverLabels } from "../../alerting/v2-view";
import type { AppEnv, Deps } from "../deps";
import { startedAtMs } from "../prometheus/status";
import { readMatchers } from "./filter";
import { answer, refused } from "./respond";

/** The release whose API and configuration this follows. */
const ALERTMANAGER_VERSION = "0.34.0";

/** `GET /api/v2/status`. There is no cluster: the router is one object wherever it is asked from. */
export async function status(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  return answer({
    cluster: { peers: [], status: "disabled" },
    config: { original: await original(deps, c.get("actor").projectId) },
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

/** By project, what this isolate showed last: clients ask for it with each of their commands, and files may be large. */
const shown = new Map<string, { readonly stored: string; readonly text: string }>();
const MAX_SHOWN = 20;

/** The file in force. Clients ask for the status to see that there is somebody, which holds while D1 is away. */
async function original(deps: Deps, projectId: string): Promise<string> {
  try {
    const { bundle } = await loadStoredBundle(deps.configStore(projectId), deps.config.local);
    const stored = bundle.alertmanagerConfig;
    const known = shown.get(projectId);
    if (known?.stored === stored) return known.text;
    const text = shownConfig(stored);
    if (shown.size >= MAX_SHOWN) shown.clear();
    shown.set(projectId, { stored, text });
    return text;
  } catch (e) {
    console.warn("alertmanager status: the configuration cannot be read", e);
    return "# The configuration is in force, but cannot be read at the moment.\n";
  }
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
