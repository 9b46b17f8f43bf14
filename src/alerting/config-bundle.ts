import * as z from "zod";
import { type Result, err, ok } from "../core/result";
import type { ConfigRefusal } from "./config-error";

/** An Alertmanager configuration with the files that it names: what is put, stored as one document and shown. */
export interface ConfigBundle {
  /** The YAML. */
  readonly alertmanagerConfig: string;
  /** Go templates by file name, those of `templates:`. */
  readonly templateFiles: StringsByName;
  /** Contents of `*_file` by the path that the YAML gives. Each is a secret. */
  readonly files: StringsByName;
  /** It was put with `--strict`, and is read so ever after: `${NAME}` in it is a text. */
  readonly strict?: boolean;
  /** It came as YAML alone, and says nothing of the files in force. */
  readonly bare?: boolean;
  /** What `${NAME}` would stand for: of a check alone, never stored. */
  readonly secrets?: StringsByName;
}

type StringsByName = Readonly<Record<string, string>>;

/** As it travels: `npm run apply` packs it so. */
export const BundleBody = z.strictObject({
  alertmanager_config: z.string(),
  template_files: z.record(z.string(), z.string()).optional(),
  files: z.record(z.string(), z.string()).optional(),
  strict: z.boolean().optional(),
  secrets: z.record(z.string(), z.string()).optional(),
});

/** Reads a bundle as JSON, or a bare Alertmanager file. Which it is shows by the field `alertmanager_config`, which no such file has. */
export function readBundle(text: string): Result<ConfigBundle, ConfigRefusal> {
  const json = bundleJson(text);
  if (json === undefined)
    return ok({ alertmanagerConfig: text, templateFiles: {}, files: {}, bare: true });
  const parsed = BundleBody.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      reason: "value_wrong",
      message: `/${(issue?.path ?? []).join("/")}: ${issue?.message ?? "wrong shape"}`,
      line: 1,
      column: 1,
    });
  }
  return ok({
    alertmanagerConfig: parsed.data.alertmanager_config,
    templateFiles: parsed.data.template_files ?? {},
    files: parsed.data.files ?? {},
    ...(parsed.data.strict === true ? { strict: true } : {}),
    ...(parsed.data.secrets === undefined ? {} : { secrets: parsed.data.secrets }),
  });
}

/** The text to store or show: the bare YAML where there is nothing beside it. */
export function bundleText(bundle: ConfigBundle): string {
  if (withoutFiles(bundle) && bundle.strict !== true) return bundle.alertmanagerConfig;
  const body: z.input<typeof BundleBody> = {
    alertmanager_config: bundle.alertmanagerConfig,
    template_files: bundle.templateFiles,
    files: bundle.files,
    ...(bundle.strict === true ? { strict: true } : {}),
  };
  return JSON.stringify(body);
}

function withoutFiles({ templateFiles, files }: ConfigBundle): boolean {
  return Object.keys(templateFiles).length + Object.keys(files).length === 0;
}

function bundleJson(text: string): unknown {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "alertmanager_config" in value
      ? value
      : undefined;
  } catch {
    return undefined; // YAML in flow style
  }
}
