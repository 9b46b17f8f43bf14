import { type Result, err, ok } from "../core/result";
import { type Sealer, isSealed, sealProblemText } from "../core/seal";
import type { ConfigBundle } from "./config-bundle";
import type { ConfigRefusal } from "./config-error";
import {
  REDACTED,
  openSecrets,
  redactSecrets,
  restoreSecrets,
  sealSecrets,
  underPresentKey,
} from "./config-secrets";

/** As it may be shown. A file that a `*_file` names is a secret as a whole. */
export function redactBundle(bundle: ConfigBundle): ConfigBundle {
  return {
    ...bundle,
    alertmanagerConfig: redactSecrets(bundle.alertmanagerConfig),
    files: mapValues(bundle.files, () => REDACTED),
  };
}

/** Fills each `<secret>` from the bundle in force, sealed as it is there. A bare file keeps the files that it came without. */
export function restoreBundle(
  given: ConfigBundle,
  current: ConfigBundle | undefined,
): Result<ConfigBundle, ConfigRefusal> {
  const yaml = restoreSecrets(given.alertmanagerConfig, current?.alertmanagerConfig);
  if (!yaml.ok) return yaml;
  if (given.bare === true && current !== undefined)
    return ok({
      ...given,
      alertmanagerConfig: yaml.value,
      templateFiles: current.templateFiles,
      files: current.files,
    });
  const files: [string, string][] = [];
  for (const [path, text] of Object.entries(given.files)) {
    const known = text === REDACTED ? fileOf(current, path) : text;
    if (known === undefined)
      return err(
        refusal(
          "secret_unknown",
          `${REDACTED} in the file ${path} stands for nothing: the configuration in force has no such file`,
        ),
      );
    files.push([path, known]);
  }
  return ok({ ...given, alertmanagerConfig: yaml.value, files: Object.fromEntries(files) });
}

/** As it is stored. */
export async function sealBundle(
  bundle: ConfigBundle,
  sealer: Sealer,
  current: ConfigBundle | undefined,
): Promise<ConfigBundle> {
  const files = await Promise.all(
    Object.entries(bundle.files).map(
      async ([path, text]) =>
        [path, await underPresentKey(sealer, text, fileOf(current, path))] as const,
    ),
  );
  return {
    ...bundle,
    alertmanagerConfig: await sealSecrets(
      bundle.alertmanagerConfig,
      sealer,
      current?.alertmanagerConfig,
    ),
    files: Object.fromEntries(files),
  };
}

/** As the parser reads it. */
export async function openBundle(
  bundle: ConfigBundle,
  sealer: Sealer,
): Promise<Result<ConfigBundle, ConfigRefusal>> {
  const yaml = await openSecrets(bundle.alertmanagerConfig, sealer);
  if (!yaml.ok) return yaml;
  const files: [string, string][] = [];
  for (const [path, text] of Object.entries(bundle.files)) {
    const opened = isSealed(text) ? await sealer.open("config", text) : ok(text);
    if (!opened.ok)
      return err(
        refusal(
          "secret_unreadable",
          `the file ${path} does not open: ${sealProblemText(opened.error)}`,
        ),
      );
    files.push([path, opened.value]);
  }
  return ok({ ...bundle, alertmanagerConfig: yaml.value, files: Object.fromEntries(files) });
}

/** A path may be any text, also the name of what every object has. */
function fileOf(bundle: ConfigBundle | undefined, path: string): string | undefined {
  return bundle !== undefined && Object.hasOwn(bundle.files, path) ? bundle.files[path] : undefined;
}

function refusal(reason: ConfigRefusal["reason"], message: string): ConfigRefusal {
  return { reason, message, line: 1, column: 1 };
}

function mapValues(
  record: Readonly<Record<string, string>>,
  f: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, f(v)]));
}
