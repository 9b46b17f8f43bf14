import { type Node, type Pair, isMap, isScalar, isSeq, visit } from "yaml";
import { type Result, err, ok } from "../core/result";
import { type ConfigRefusal, Refused } from "./config-error";
import { YamlFile } from "./yaml-fields";

/** What stands in the place of a secret, as Alertmanager shows it. */
export const REDACTED = "<secret>";

/** The file with every secret replaced; comments and order stay. */
export function redactSecrets(yaml: string): string {
  const file = new YamlFile(yaml);
  for (const { pair } of secretsOf(file)) if (isScalar(pair.value)) setText(pair, REDACTED);
  return file.document.toString();
}

/**
 * Fills each `<secret>` from the file in force: same receiver, type, position and field.
 * One that stands for nothing is refused.
 */
export function restoreSecrets(
  yaml: string,
  current: string | undefined,
): Result<string, ConfigRefusal> {
  try {
    const file = new YamlFile(yaml);
    const wanted = secretsOf(file).filter(
      ({ pair }) => isScalar(pair.value) && pair.value.value === REDACTED,
    );
    if (wanted.length === 0) return ok(yaml);
    const known = new Map<string, string>();
    if (current !== undefined)
      for (const { path, pair } of secretsOf(new YamlFile(current)))
        if (isScalar(pair.value) && typeof pair.value.value === "string")
          known.set(path, pair.value.value);
    for (const { path, pair } of wanted) {
      const value = known.get(path);
      if (value === undefined)
        file.refuse(
          pair.value,
          "secret_unknown",
          `${REDACTED} at ${path} stands for nothing: the configuration in force has no secret there`,
        );
      setText(pair, value as string);
    }
    return ok(file.document.toString());
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

/** What {@link setText} writes into: a pair, or an entry of a list in the shape of one. */
type Valued = Pick<Pair<unknown, unknown>, "value">;

/** An address with a password in it. */
const WITH_PASSWORD = /^[a-z][a-z\d+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

interface SecretPlace {
  /** `receivers/<name>/<type>/<index>/…/<field>` or `global/<field>`. */
  readonly path: string;
  readonly pair: Valued;
}

const SECRET_FIELDS = new Set([
  "api_key",
  "api_secret",
  "api_url",
  "app_token",
  "application_credential_secret",
  "application_secret",
  "bearer_token",
  "bot_token",
  "client_secret",
  "consumer_key",
  "credentials",
  "password",
  "routing_key",
  "secret_key",
  "service_key",
  "slack_api_url",
  "smtp_auth_password",
  "smtp_auth_secret",
  "token",
  "user_key",
  "webhook_url",
]);

function secretsOf(file: YamlFile): SecretPlace[] {
  const out: SecretPlace[] = [];
  visit(file.document, {
    Pair(_, pair, ancestors) {
      const field = isScalar(pair.key) ? String(pair.key.value) : "";
      const path = pathOf(ancestors, field);
      // `http_headers`: a list of them.
      if (field === "secrets" && isSeq(pair.value))
        pair.value.items.forEach((value, i) => out.push({ path: `${path}/${i}`, pair: { value } }));
      if (!isScalar(pair.value) || pair.value.value === null) return;
      const { value } = pair.value;
      // A webhook's address often carries its own token.
      const webhook = field === "url" && path.includes("/webhook_configs/");
      const address = field === "url" || field === "proxy_url";
      const inside =
        address && typeof value === "string" && (value === REDACTED || WITH_PASSWORD.test(value));
      if (webhook || inside || SECRET_FIELDS.has(field)) out.push({ path, pair });
    },
  });
  return out;
}

/** Lists whose entries go by a name of theirs, so that reordering them loses no secret. */
const NAMED_BY = new Map([
  ["receivers", "name"],
  ["scrape_configs", "job_name"],
]);

function pathOf(ancestors: readonly (Node | Pair | unknown)[], field: string): string {
  const parts: string[] = [];
  ancestors.forEach((node, i) => {
    const next = ancestors[i + 1];
    if (isSeq(node)) {
      const named = parts.length === 1 ? NAMED_BY.get(parts[0] ?? "") : undefined;
      const name = isMap(next) && named !== undefined ? next.get(named) : undefined;
      parts.push(typeof name === "string" ? name : String(node.items.indexOf(next)));
    } else if (isPairNode(node) && isScalar(node.key)) parts.push(String(node.key.value));
  });
  return [...parts, field].join("/");
}

function isPairNode(node: unknown): node is Pair {
  return typeof node === "object" && node !== null && "key" in node && "value" in node;
}

function setText(pair: Valued, text: string): void {
  if (isScalar(pair.value)) {
    pair.value.value = text;
    delete pair.value.source;
    pair.value.type = "QUOTE_DOUBLE";
  }
}
