import type { Integration, RouterConfig } from "../../alerting/config";
import { type ConfigBundle, isBare } from "../../alerting/config-bundle";
import { openBundle, restoreBundle, sealBundle } from "../../alerting/bundle-secrets";
import type { ConfigRefusal } from "../../alerting/config-error";
import { parseRouterConfig } from "../../alerting/config-parse";
import { configInForce, loadStoredBundle } from "../../alerting/effective-config";
import { sealConfig, templateBundle } from "../../alerting/sealed-config";
import { checkOutgoingUrl } from "../../core/outgoing-url";
import { type Result, ok } from "../../core/result";
import type { Deps } from "../deps";

/** A bundle that may be put in force. */
export interface Checked {
  readonly config: RouterConfig<Integration>;
  /** As it is stored. */
  readonly sealed: ConfigBundle;
}

/** Reads a bundle against the one in force and the project's secrets. Nothing is stored. */
export async function checkBundle(
  deps: Deps,
  projectId: string,
  given: ConfigBundle,
): Promise<Result<Checked, ConfigRefusal>> {
  const sealer = deps.sealer(projectId);
  const { bundle, document } = await loadStoredBundle(
    deps.configStore(projectId),
    deps.config.local,
  );
  const current = document === undefined ? undefined : bundle;
  const restored = restoreBundle(given, current, isBare(given));
  if (!restored.ok) return restored;
  const opened = await openBundle(restored.value, sealer);
  if (!opened.ok) return opened;
  const parsed = parseRouterConfig(opened.value.alertmanagerConfig, (url) => {
    const checked = checkOutgoingUrl(url, deps.config.local);
    return checked.ok ? undefined : checked.error.message;
  });
  if (!parsed.ok) return parsed;
  return ok({ config: parsed.value, sealed: await sealBundle(restored.value, sealer, current) });
}

/** Hands the configuration to the router, sealed. */
export async function putInForce(deps: Deps, projectId: string, checked: Checked): Promise<void> {
  const objects = deps.objects(projectId);
  const [former, templates] = await Promise.all([
    configInForce(objects),
    templateBundle(checked.sealed.templateFiles),
  ]);
  const sealed = await sealConfig(checked.config, deps.sealer(projectId), former, templates);
  await objects
    .alertRouter()
    .configure(
      JSON.stringify(sealed),
      templates === undefined ? undefined : JSON.stringify(templates),
    );
}
