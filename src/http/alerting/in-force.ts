import { openBundle, restoreBundle, sealBundle } from "../../alerting/bundle-secrets";
import { type ConfigBundle, bundleText, readBundle } from "../../alerting/config-bundle";
import type { ConfigRefusal } from "../../alerting/config-error";
import { type ReadConfig, readRouterConfig } from "../../alerting/config-parse";
import { configInForce, loadStoredBundle } from "../../alerting/effective-config";
import { sealConfig, templateBundle } from "../../alerting/sealed-config";
import type { ConfigDocument } from "../../core/config-store";
import { checkOutgoingUrl } from "../../core/outgoing-url";
import { type Result, ok } from "../../core/result";
import type { SecretValue } from "../../core/secrets";
import { VEDETTE_TEMPLATES } from "../../notify/default-templates";
import type { Deps } from "../deps";

/** A bundle that Alertmanager takes, read with the project's secrets. */
export interface ReadBundle extends ReadConfig {
  /** As it is stored. */
  readonly sealed: ConfigBundle;
  /** The project's secrets that it names. */
  readonly uses: ReadonlySet<string>;
}

const KNOWN_TEMPLATES: ReadonlySet<string> = new Set(VEDETTE_TEMPLATES.defines.keys());

const KIND = "alertmanager";
const NAME = "default";

type Secrets = ReadonlyMap<string, SecretValue>;

/** Reads a bundle that somebody gives, `<secret>` filled from the one in force. Nothing is stored. */
export async function readGiven(
  deps: Deps,
  projectId: string,
  given: ConfigBundle,
): Promise<Result<ReadBundle, ConfigRefusal>> {
  const [{ bundle, document }, secrets] = await Promise.all([
    loadStoredBundle(deps.configStore(projectId), deps.config.local),
    deps.secrets(projectId).values(),
  ]);
  const current = document === undefined ? undefined : bundle;
  const restored = restoreBundle(given, current);
  if (!restored.ok) return restored;
  const asked = Object.entries(given.secrets ?? {}).map(
    ([name, value]) => [name, ok(value)] as const,
  );
  return readSealed(deps, projectId, restored.value, current, new Map([...secrets, ...asked]));
}

/**
 * Stores a bundle; gives its version. Where the one before still held a secret in plain text, or under a former key,
 * every former version is sealed too.
 */
export async function storeBundle(
  deps: Deps,
  projectId: string,
  sealed: ConfigBundle,
  by: string,
): Promise<ConfigDocument> {
  const store = deps.configStore(projectId);
  const sealer = deps.sealer(projectId);
  const seal = async (body: string): Promise<string> => {
    const bundle = readBundle(body);
    return bundle.ok ? bundleText(await sealBundle(bundle.value, sealer, bundle.value)) : body;
  };
  const before = await store.get(KIND, NAME);
  if (before !== undefined && (await seal(before.body)) !== before.body)
    await store.rewrite(KIND, NAME, seal);
  return store.put(KIND, NAME, bundleText(sealed), by);
}

/** Reads the bundle in force with other secrets; undefined where nothing was ever put. */
export async function readStored(
  deps: Deps,
  projectId: string,
  secrets: Secrets,
): Promise<Result<ReadBundle, ConfigRefusal> | undefined> {
  const { bundle, document } = await loadStoredBundle(
    deps.configStore(projectId),
    deps.config.local,
  );
  if (document === undefined) return undefined;
  return readSealed(deps, projectId, bundle, bundle, secrets);
}

/** Hands a configuration to the router, sealed. */
export async function putInForce(deps: Deps, projectId: string, read: ReadBundle): Promise<void> {
  const objects = deps.objects(projectId);
  const [former, templates] = await Promise.all([
    configInForce(objects),
    templateBundle(read.sealed.templateFiles),
  ]);
  const sealed = await sealConfig(read.config, deps.sealer(projectId), former, templates);
  await objects
    .alertRouter()
    .configure(
      JSON.stringify(sealed),
      templates === undefined ? undefined : JSON.stringify(templates),
    );
}

async function readSealed(
  deps: Deps,
  projectId: string,
  bundle: ConfigBundle,
  current: ConfigBundle | undefined,
  secrets: Secrets,
): Promise<Result<ReadBundle, ConfigRefusal>> {
  const sealer = deps.sealer(projectId);
  const opened = await openBundle(bundle, sealer);
  if (!opened.ok) return opened;
  const uses = new Set<string>();
  const read = readRouterConfig(opened.value, {
    strict: bundle.strict === true,
    secrets: (name) => {
      uses.add(name);
      const secret = secrets.get(name);
      return secret?.ok === true ? secret.value : undefined;
    },
    templates: KNOWN_TEMPLATES,
    checkUrl: (url) => {
      const checked = checkOutgoingUrl(url, deps.config.local);
      return checked.ok ? undefined : checked.error.message;
    },
  });
  if (!read.ok) return read;
  return ok({ ...read.value, uses, sealed: await sealBundle(bundle, sealer, current) });
}
