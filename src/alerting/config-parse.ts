import { type Result, err, ok } from "../core/result";
import type { Integration, ReceiverConfig, RouterConfig } from "./config";
import type { ConfigBundle } from "./config-bundle";
import { checkFile } from "./config-check";
import { Decoder } from "./config-decode";
import { type ConfigNote, Delivery, type UrlCheck } from "./config-deliver";
import { type ConfigRefusal, Refused } from "./config-error";
import { type FilledPlace, fillFrom } from "./config-fill";
import { readReceiver } from "./config-receivers";
import { checkTemplates, noteMissingTemplates } from "./config-templates";
import { readInhibitRules, readIntervals, readRouteTree } from "./config-routes";
import { configFile } from "./config-schema";
import { noteUnused } from "./receivers/read-email";
import { YamlFile } from "./yaml-fields";

export type { ConfigNote, UrlCheck } from "./config-deliver";

const MAX_RECEIVERS = 1_000;
const RESOLVE_TIMEOUT_MS = 300_000;

export interface ReadOptions {
  /** Only what Alertmanager itself takes, and Vedette's own receiver types. */
  readonly strict?: boolean;
  /** What `${NAME}` stands for in `global` and `receivers`, outside strict mode. */
  readonly secrets?: (name: string) => string | undefined;
  /** Why an address may not be called. */
  readonly checkUrl?: UrlCheck;
  /** The templates that texts may call where no file defines them. Without them, calls are not checked. */
  readonly templates?: ReadonlySet<string>;
}

/** A file that Alertmanager takes, and what Vedette makes of it. */
export interface ReadConfig {
  readonly config: RouterConfig<Integration>;
  /** What was understood that Alertmanager would refuse, one entry per name. None in strict mode. */
  readonly warnings: readonly ConfigNote[];
  /** What is taken and has no effect here. */
  readonly notices: readonly ConfigNote[];
  /** Why the configuration cannot be put in force as it is: types and settings that are not delivered, missing files. */
  readonly undelivered: readonly ConfigRefusal[];
}

/** The names of {@link ReadConfig.warnings}. */
const WARNINGS = new Set(["variables_filled", "email_subject_body", "receiver_undefined"]);

/**
 * Reads Alertmanager YAML with the files beside it. The verdict, and the error's text, are Alertmanager 0.34's, with
 * line and column; inherited values are filled in. A missing file, an address that may not be called and a text that
 * is no template do not change the verdict: they are named in `undelivered`.
 */
export function readRouterConfig(
  bundle: ConfigBundle,
  options: ReadOptions = {},
): Result<ReadConfig, ConfigRefusal> {
  try {
    return ok(read(bundle, options));
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

/** A bare file that must be deliverable as it is: what is not delivered is refused by name. */
export function parseRouterConfig(
  text: string,
  checkUrl?: UrlCheck,
): Result<RouterConfig<Integration>, ConfigRefusal> {
  const bundle = { alertmanagerConfig: text, templateFiles: {}, files: {} };
  const parsed = readRouterConfig(bundle, checkUrl === undefined ? {} : { checkUrl });
  if (!parsed.ok) return parsed;
  const first = parsed.value.undelivered[0];
  return first === undefined ? ok(parsed.value.config) : err(first);
}

function read(bundle: ConfigBundle, options: ReadOptions): ReadConfig {
  const file = new YamlFile(bundle.alertmanagerConfig, { duplicates: true });
  const strict = options.strict === true;
  const filled: FilledPlace[] = [];
  const fill = strict ? (text: string) => text : fillFrom(file, options.secrets, filled);
  const d = new Decoder(file, { strict, fill });
  const { file: yaml, route } = checkFile(d.document(configFile), d);
  const to = new Delivery(d, yaml.global ?? {}, bundle, options.checkUrl ?? (() => undefined));
  for (const { node, name } of filled)
    to.note("variables_filled", "${NAME} is filled from the project's secrets", node, name);
  readGlobal(to);
  for (const field of ["tracing", "event_recorder"] as const)
    if (yaml[field] !== undefined)
      to.note(
        "section_unused",
        "tracing and event_recorder have no effect here",
        d.at(yaml, field),
        field,
      );
  if ((yaml.receivers?.length ?? 0) > MAX_RECEIVERS)
    d.fail(d.at(yaml, "receivers"), `more than ${MAX_RECEIVERS} receivers`, "too_large");
  const receivers: ReceiverConfig<Integration>[] = [];
  yaml.receivers?.forEach((receiver, i) => {
    if (receiver !== undefined) receivers.push(readReceiver(receiver, `receivers[${i}]`, to));
  });
  const intervals = readIntervals(yaml);
  const config: RouterConfig<Integration> = {
    resolveTimeoutMs: to.global.resolve_timeout ?? RESOLVE_TIMEOUT_MS,
    route: readRouteTree(route, new Set(receivers.map((r) => r.name)), to),
    receivers,
    inhibitRules: readInhibitRules(yaml),
    ...(intervals.length === 0 ? {} : { timeIntervals: intervals }),
  };
  noteMissingTemplates(yaml.templates ?? [], bundle, to);
  if (options.templates !== undefined) checkTemplates(bundle, options.templates, to);
  const notes = to.noted();
  return {
    config,
    warnings: notes.filter((n) => WARNINGS.has(n.name)),
    notices: notes.filter((n) => !WARNINGS.has(n.name)),
    undelivered: to.undelivered,
  };
}

function readGlobal(to: Delivery): void {
  const { global, d } = to;
  if (global.http_config !== undefined) to.refuseHttp(global.http_config, "global.http_config");
  // Not the sender: that is the deployment's only where there is none here.
  for (const field of Object.keys(global))
    if (field.startsWith("smtp_") && field !== "smtp_from")
      noteUnused(to, d.at(global, field), `global.${field}`);
}
