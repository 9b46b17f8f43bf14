import type { Struct } from "../config-decode";
import type { WebhookIntegration } from "../config";
import { type Place, base, timeout } from "./place";
import type { webhook } from "./delivered";

/** Alertmanager's webhook. A `payload` of one's own and an address that is a template are not delivered. */
export function readWebhook(c: Struct<(typeof webhook)["fields"]>, at: Place): WebhookIntegration {
  const { to, path } = at;
  to.refuseFields(c, ["payload"], path);
  const url = to.valueOrFile(c, "url", c.url, c.url_file) ?? "";
  return {
    type: "webhook",
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    url: to.address(to.d.at(c, "url"), `${path}.url`, url),
    maxAlerts: c.max_alerts ?? 0,
    ...timeout(c),
    ...(c.signing_secret ? { signingSecret: c.signing_secret } : {}),
  };
}
