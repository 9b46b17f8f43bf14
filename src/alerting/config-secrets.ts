import {
  type Node,
  type Pair,
  type Scalar,
  type YAMLSeq,
  isMap,
  isScalar,
  isSeq,
  visit,
} from "yaml";
import { type Result, err, ok } from "../core/result";
import { type Sealer, isSealed, sealProblemText } from "../core/seal";
import { type ConfigRefusal, Refused } from "./config-error";
import { YamlFile } from "./yaml-fields";

/** What stands in the place of a secret, as Alertmanager shows it. */
export const REDACTED = "<secret>";

/** The file with every secret replaced, plain or sealed; everything else stays as it was written. */
export function redactSecrets(yaml: string): string {
  return replaceAll(
    yaml,
    secretsOf(fileOf(yaml)).map(({ node }) => ({ node, text: REDACTED })),
  );
}

/**
 * Fills each `<secret>` from the file in force, sealed where it is sealed there: same receiver,
 * type, position and field. One that stands for nothing is refused.
 */
export function restoreSecrets(
  yaml: string,
  current: string | undefined,
): Result<string, ConfigRefusal> {
  return caught(() => {
    const file = fileOf(yaml);
    const wanted = secretsOf(file).filter(({ value }) => value === REDACTED);
    if (wanted.length === 0) return yaml;
    const known = valuesOf(current);
    const filled = wanted.map(({ path, node }) => {
      const text = known.get(path);
      if (text === undefined)
        return file.refuse(
          node,
          "secret_unknown",
          `${REDACTED} at ${path} stands for nothing: the configuration in force has no secret there`,
        );
      return { node, text };
    });
    return replaceAll(yaml, filled);
  });
}

/**
 * The file as it is stored: every secret sealed with the present key. One that `current` has sealed so
 * keeps that form, so that an equal file stays equal.
 */
export async function sealSecrets(
  yaml: string,
  sealer: Sealer,
  current: string | undefined,
): Promise<string> {
  const known = valuesOf(current);
  const places = secretsOf(fileOf(yaml)).filter(({ value }) => value !== REDACTED && value !== "");
  const sealed = await Promise.all(
    places.map(async ({ path, node, value }) => ({
      node,
      text: await underPresentKey(sealer, value, known.get(path)),
    })),
  );
  return replaceAll(yaml, sealed);
}

/** `former` where it is `value` sealed with the present key, else a new sealing. */
export async function sealAgain(
  sealer: Sealer,
  value: string,
  former: string | undefined,
): Promise<string> {
  if (former !== undefined && (await sealer.isCurrent(former))) {
    const opened = await sealer.open("config", former);
    if (opened.ok && opened.value === value) return former;
  }
  return sealer.seal("config", value);
}

/** The file as it is read: every sealed secret in plain text. */
export async function openSecrets(
  yaml: string,
  sealer: Sealer,
): Promise<Result<string, ConfigRefusal>> {
  try {
    const file = fileOf(yaml);
    const sealed = secretsOf(file).filter(({ value }) => isSealed(value));
    const opened = await Promise.all(
      sealed.map(async ({ path, node, value }) => {
        const r = await sealer.open("config", value);
        if (r.ok) return { node, text: r.value };
        return file.refuse(
          node,
          "secret_unreadable",
          `the secret at ${path} does not open: ${sealProblemText(r.error)}`,
        );
      }),
    );
    return ok(replaceAll(yaml, opened));
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

/** A value as it is stored, whether it comes in plain text or sealed with whatever key. */
export async function underPresentKey(
  sealer: Sealer,
  value: string,
  former: string | undefined,
): Promise<string> {
  if (!isSealed(value)) return sealAgain(sealer, value, former);
  if (await sealer.isCurrent(value)) return value;
  const opened = await sealer.open("config", value);
  return opened.ok ? sealer.seal("config", opened.value) : value;
}

/** The same name twice in a mapping is for who reads the file to refuse, in Alertmanager's words. */
function fileOf(yaml: string): YamlFile {
  return new YamlFile(yaml, { duplicates: true });
}

function caught(run: () => string): Result<string, ConfigRefusal> {
  try {
    return ok(run());
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

/** By path, the secrets of the file in force as they are written there. */
function valuesOf(yaml: string | undefined): ReadonlyMap<string, string> {
  if (yaml === undefined) return new Map();
  return new Map(
    secretsOf(fileOf(yaml))
      .filter(({ value }) => value !== REDACTED)
      .map(({ path, value }) => [path, value]),
  );
}

/** An address with a password in it. */
const WITH_PASSWORD = /^[a-z][a-z\d+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

interface SecretPlace {
  /** `receivers/<name>/<type>/<index>/…/<field>` or `global/<field>`. */
  readonly path: string;
  readonly node: Scalar;
  readonly value: string;
}

const SECRET_FIELDS = new Set([
  "alert_source_token",
  "api_key",
  "api_secret",
  "api_url",
  "app_token",
  "application_credential_secret",
  "application_secret",
  "auth_password",
  "auth_secret",
  "bearer_token",
  "bot_token",
  "client_certificate_key",
  "client_secret",
  "consumer_key",
  "credentials",
  "mattermost_webhook_url",
  "opsgenie_api_key",
  "password",
  "rocketchat_token",
  "rocketchat_token_id",
  "routing_key",
  "secret_key",
  "service_key",
  "signing_secret",
  "slack_api_url",
  "slack_app_token",
  "smtp_auth_password",
  "smtp_auth_secret",
  "telegram_bot_token",
  "token",
  "token_id",
  "user_key",
  "victorops_api_key",
  "webhook_url",
  "wechat_api_secret",
]);

function secretsOf(file: YamlFile): SecretPlace[] {
  const out: SecretPlace[] = [];
  const order: Order = new Map();
  const add = (path: string, node: unknown): void => {
    const value = textOf(node);
    if (value !== undefined && isScalar(node) && !REFERENCE.test(value))
      out.push({ path, node, value });
  };
  visit(file.document, {
    Pair(_, pair, ancestors) {
      const field = isScalar(pair.key) ? String(pair.key.value) : "";
      const path = pathOf(ancestors, field, order);
      // `http_headers` and `proxy_connect_header`: lists of them.
      const listed = field === "secrets" || path.endsWith(`/proxy_connect_header/${field}`);
      if (listed && isSeq(pair.value))
        pair.value.items.forEach((value, i) => add(`${path}/${i}`, value));
      const value = textOf(pair.value);
      if (value === undefined) return;
      // A webhook's address often carries its own token.
      const webhook = field === "url" && /\/webhook_(?:configs|outputs)\//.test(path);
      const address = field === "url" || field === "proxy_url";
      const inside = address && (value === REDACTED || WITH_PASSWORD.test(value));
      const privateKey = path.endsWith("tls_config/key");
      if (webhook || inside || privateKey || SECRET_FIELDS.has(field) || isSealed(value))
        add(path, pair.value);
    },
  });
  return out;
}

/** Nothing but the name of a project's secret: it says nothing, and is worth seeing. */
const REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/** A scalar's text; of a number or a truth value, that is what the file says. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

/** Lists whose entries go by a name of theirs, so that reordering them loses no secret. */
const NAMED_BY = new Map([
  ["receivers", "name"],
  ["scrape_configs", "job_name"],
]);

/** The entries of each list by their places, found once: a list may be as long as the file. */
type Order = Map<YAMLSeq, ReadonlyMap<unknown, number>>;

function placeIn(list: YAMLSeq, entry: unknown, order: Order): number {
  let places = order.get(list);
  if (places === undefined)
    order.set(list, (places = new Map(list.items.map((item, i) => [item, i]))));
  return places.get(entry) ?? -1;
}

function pathOf(
  ancestors: readonly (Node | Pair | unknown)[],
  field: string,
  order: Order,
): string {
  const parts: string[] = [];
  ancestors.forEach((node, i) => {
    const next = ancestors[i + 1];
    if (isSeq(node)) {
      const named = parts.length === 1 ? NAMED_BY.get(parts[0] ?? "") : undefined;
      const name = isMap(next) && named !== undefined ? next.get(named) : undefined;
      parts.push(typeof name === "string" ? name : String(placeIn(node, next, order)));
    } else if (isPairNode(node) && isScalar(node.key)) parts.push(String(node.key.value));
  });
  return [...parts, field].join("/");
}

function isPairNode(node: unknown): node is Pair {
  return typeof node === "object" && node !== null && "key" in node && "value" in node;
}

/** Puts texts in the places of scalars, double-quoted; what lies between keeps its form, comments and line numbers. */
function replaceAll(
  yaml: string,
  places: readonly { readonly node: Scalar; readonly text: string }[],
): string {
  const spans = places.flatMap(({ node, text }) => {
    const [from, to] = node.range ?? [];
    return from === undefined || to === undefined ? [] : [{ from, to, text }];
  });
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, text } of spans.sort((a, b) => a.from - b.from)) {
    // A block scalar's range ends with its last line break.
    const breaks = yaml[to - 1] === "\n" && to > from ? "\n" : "";
    // JSON's strings are YAML's double-quoted ones.
    parts.push(yaml.slice(at, from), JSON.stringify(text), breaks);
    at = to;
  }
  return [...parts, yaml.slice(at)].join("");
}
