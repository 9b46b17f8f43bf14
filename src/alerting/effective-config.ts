import type { ConfigStore } from "../core/config-store";
import type { RouterConfig } from "./config";
import { parseRouterConfig } from "./config-parse";
import { defaultConfigYaml } from "./default-config";

/** The YAML in force: the project's own, or the default. */
export async function loadRouterYaml(configs: ConfigStore, local: boolean): Promise<string> {
  return (await configs.get("alertmanager", "default"))?.body ?? defaultConfigYaml(local);
}

/** The configuration in force. */
export async function loadRouterConfig(
  configs: ConfigStore,
  local: boolean,
): Promise<RouterConfig> {
  return checkedConfig(await loadRouterYaml(configs, local));
}

export function defaultConfig(local: boolean): RouterConfig {
  return checkedConfig(defaultConfigYaml(local));
}

function checkedConfig(yaml: string): RouterConfig {
  const parsed = parseRouterConfig(yaml);
  // Only checked files are put in force, so that this is a programmer's error.
  if (!parsed.ok)
    throw new Error(`the configuration in force does not parse: ${parsed.error.message}`);
  return parsed.value;
}
