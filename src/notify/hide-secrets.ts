import type { Integration } from "../alerting/config";
import { basicCredentials } from "./message";

/** What stands in the place of a secret, as in a configuration that is shown. */
const HIDDEN = "<secret>";
/** What is shorter could stand anywhere by chance, and hides nothing. */
const MIN_CHARS = 6;
const MIN_ADDRESS_CHARS = 16;

/** Fields of integrations that may hold a secret, at any depth: a header's value, and an address's path, may be one. */
const SECRET_FIELDS = new Set([
  "apiUrl",
  "appToken",
  "botToken",
  "credentials",
  "headers",
  "password",
  "routingKey",
  "signingSecret",
  "url",
  "webhookUrl",
]);

/**
 * A text of the other side, or an error, without what the integration keeps secret: some services repeat in their answer what
 * they were sent, and whoever may read the history may not read the configuration.
 */
export function hideSecrets(
  text: string,
  integration: Integration,
  more: readonly string[],
): string {
  let out = text;
  for (const secret of [...secretsOf(integration), ...more])
    if (secret.length >= MIN_CHARS) out = out.replaceAll(secret, HIDDEN);
  return out;
}

/** Longest first, as one may be part of another. */
function secretsOf(integration: Integration): readonly string[] {
  const out = new Set<string>();
  // The subject and its like are no secrets, and are called headers too.
  const { headers, ...rest } = integration as Integration & { readonly headers?: unknown };
  collect(rest, false, out);
  if (integration.type !== "email") collect(headers, true, out);
  if ("authorization" in integration && integration.authorization?.kind === "basic")
    out.add(basicCredentials(integration.authorization));
  return [...out].sort((a, b) => b.length - a.length);
}

function collect(value: unknown, secret: boolean, out: Set<string>): void {
  if (typeof value === "string") {
    if (secret) add(value, out);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const list = Array.isArray(value);
  for (const [name, part] of Object.entries(value))
    collect(part, secret || (!list && SECRET_FIELDS.has(name)), out);
}

/** Of an address the parts of its path and query that are long enough to be a token. */
function add(value: string, out: Set<string>): void {
  if (!URL.canParse(value)) {
    out.add(value);
    return;
  }
  const { pathname, searchParams } = new URL(value);
  for (const part of [...pathname.split("/"), ...searchParams.values()])
    if (part.length >= MIN_ADDRESS_CHARS) out.add(part);
}
