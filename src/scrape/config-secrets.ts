import { type Node, type Pair, isPair, isScalar, isSeq, visit } from "yaml";
import { REDACTED, redactSecrets } from "../alerting/config-secrets";
import { YamlFile } from "../alerting/yaml-fields";

/** Beside what receivers have: credentials of discovery, of remote write and of clouds, none of which is used here. */
const SECRETS = new Set([
  "access_key",
  "account_key",
  "application_credential_secret",
  "application_secret",
  "consumer_key",
  "connection_string",
  "private_key",
  "secret_key",
]);
const USERINFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/i;

/** A prometheus.yml or blackbox.yml as it may be shown: no secret in it, also of sections that nobody reads. */
export function redactPrometheusFile(yaml: string): string {
  const file = new YamlFile(redactSecrets(yaml));
  visit(file.document, {
    Pair(_, pair, ancestors) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      const hidden = SECRETS.has(name) || (name === "key" && isUnder(ancestors, "tls_config"));
      if (isScalar(pair.value) && pair.value.value !== null && hidden) hide(pair);
      // `http_headers`: values stay, secrets go; a header that carries credentials is one too.
      if (isSeq(pair.value) && (name === "secrets" || isUnder(ancestors, "Authorization")))
        pair.value = file.document.createNode([REDACTED]);
      if (
        isScalar(pair.value) &&
        isUnder(ancestors, "headers") &&
        /^(?:authorization|cookie)$/i.test(name)
      )
        hide(pair);
    },
    Scalar(_, node) {
      if (typeof node.value === "string" && USERINFO.test(node.value)) {
        node.value = node.value.replace(USERINFO, `$1${REDACTED}@`);
        delete node.source;
      }
    },
  });
  return file.document.toString();
}

function isUnder(ancestors: readonly (Node | Pair | unknown)[], name: string): boolean {
  return ancestors.some(
    (a) => isPair(a) && isScalar(a.key) && String(a.key.value).toLowerCase() === name.toLowerCase(),
  );
}

function hide(pair: Pair<unknown, unknown>): void {
  if (!isScalar(pair.value)) return;
  pair.value.value = REDACTED;
  delete pair.value.source;
  pair.value.type = "QUOTE_DOUBLE";
}
