import { redactSecrets } from "./config-secrets";

/** The configuration as Alertmanager's own tools may read it. */
export function shownConfig(yaml: string): string {
  return redactSecrets(yaml);
}
