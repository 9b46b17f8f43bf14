import { expect, it } from "vitest";
import type { Kind } from "../../src/alerting/config-decode";
import { httpConfig } from "../../src/alerting/config-http";
import { secret, secretUrl, templateUrl } from "../../src/alerting/config-scalars";
import { globalConfig } from "../../src/alerting/config-schema";
import { redactSecrets } from "../../src/alerting/config-secrets";
import * as delivered from "../../src/alerting/receivers/delivered";
import * as messengers from "../../src/alerting/receivers/messengers";
import * as pagers from "../../src/alerting/receivers/pagers";

/** The fields of a struct that hold secrets: what Alertmanager itself shows as `<secret>`. */
function secretFields(struct: {
  readonly fields: Readonly<Record<string, Kind<unknown>>>;
}): string[] {
  return Object.entries(struct.fields).flatMap(([name, kind]) =>
    kind === secret || kind === secretUrl || kind === templateUrl ? [name] : [],
  );
}

const TYPES = { ...delivered, ...messengers, ...pagers };

const FILES: readonly string[] = [
  ...secretFields(globalConfig).map((field) => `global: { ${field}: S3CRET }`),
  ...Object.entries(TYPES).flatMap(([type, struct]) =>
    secretFields(struct).map(
      (field) => `receivers: [{ name: r, ${type}_configs: [{ ${field}: S3CRET }] }]`,
    ),
  ),
  ...secretFields(httpConfig).map((field) => `global: { http_config: { ${field}: S3CRET } }`),
  "global: { http_config: { basic_auth: { password: S3CRET } } }",
  "global: { http_config: { authorization: { credentials: S3CRET } } }",
  "global: { http_config: { oauth2: { client_secret: S3CRET } } }",
  "global: { http_config: { oauth2: { client_certificate_key: S3CRET } } }",
  "global: { http_config: { tls_config: { key: S3CRET } } }",
  "global: { http_config: { http_headers: { X-A: { secrets: [S3CRET] } } } }",
  "global: { http_config: { proxy_url: 'http://u:S3CRET@p/', proxy_connect_header: { a: [S3CRET] } } }",
  "receivers: [{ name: r, sns_configs: [{ sigv4: { secret_key: S3CRET } }] }]",
  "event_recorder: { webhook_outputs: [{ url: 'http://a/S3CRET' }] }",
  "tracing: { endpoint: a, headers: { Authorization: { secrets: [S3CRET] } } }",
];

it.each(FILES)("shows no secret of %s", (yaml) => {
  expect(redactSecrets(yaml)).not.toContain("S3CRET");
});
