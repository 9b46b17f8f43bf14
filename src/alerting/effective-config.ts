import type { ConfigDocument, ConfigStore } from "../core/config-store";
import type { Objects } from "../core/object-stubs";
import type { Integration, RouterConfig } from "./config";
import { type ConfigBundle, readBundle } from "./config-bundle";
import { parseRouterConfig } from "./config-parse";
import { defaultConfigYaml } from "./default-config";
import type { StoredIntegration } from "./sealed-config";

/** What was put, with the version it has; the default has none. */
export interface StoredBundle {
  readonly bundle: ConfigBundle;
  readonly document: ConfigDocument | undefined;
}

/** The files as they are stored, secrets sealed: the project's own, or the default. */
export async function loadStoredBundle(
  configs: ConfigStore,
  local: boolean,
): Promise<StoredBundle> {
  const document = await configs.get("alertmanager", "default");
  const bundle = readBundle(document?.body ?? defaultConfigYaml(local));
  // Only checked files are stored, so that this is a programmer's error.
  if (!bundle.ok) throw new Error(`the stored configuration: ${bundle.error.message}`);
  return { bundle: bundle.value, document };
}

/** The configuration in force, as the router has it: also while D1 is down. Integrations are sealed. */
export async function configInForce(objects: Objects): Promise<RouterConfig<StoredIntegration>> {
  // As configure() stored it.
  return JSON.parse(await objects.alertRouter().configuration()) as RouterConfig<StoredIntegration>;
}

/** What holds where nothing was put. It has no secret. */
export function defaultConfig(local: boolean): RouterConfig<Integration> {
  const parsed = parseRouterConfig(defaultConfigYaml(local));
  if (!parsed.ok) throw new Error(`the default does not parse: ${parsed.error.message}`);
  return parsed.value;
}
