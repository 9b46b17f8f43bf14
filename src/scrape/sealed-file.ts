import { sealAgain, underPresentKey } from "../alerting/config-secrets";
import { YamlFile } from "../alerting/yaml-fields";
import { type Sealer, isSealed, sealProblemText } from "../core/seal";
import { redactPrometheusFile } from "./config-secrets";

/**
 * A prometheus.yml or blackbox.yml, plain or sealed before, as it is to be stored: sealed as a whole where anything in it is secret,
 * also in sections that nobody reads. What `former` has sealed with the same content keeps its form.
 */
export async function sealPrometheusFile(
  yaml: string,
  sealer: Sealer,
  former: string | undefined,
): Promise<string> {
  if (isSealed(yaml)) return underPresentKey(sealer, yaml, former);
  const secret = redactPrometheusFile(yaml) !== new YamlFile(yaml).document.toString();
  return secret ? sealAgain(sealer, yaml, former) : yaml;
}

/** The file as it was put. @throws Error where it does not open, saying which key is missing */
export async function openPrometheusFile(stored: string, sealer: Sealer): Promise<string> {
  if (!isSealed(stored)) return stored;
  const opened = await sealer.open("config", stored);
  if (!opened.ok) throw new Error(`the stored file: ${sealProblemText(opened.error)}`);
  return opened.value;
}
