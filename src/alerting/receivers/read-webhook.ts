import type { Struct } from "../config-decode";
import type { WebhookIntegration } from "../config";
import { templateTree } from "./template-tree";
import { type Place, base, timeout } from "./place";
import type { webhook } from "./delivered";

/** Alertmanager's webhook. An address that is a template is not delivered: what a label says must not choose who is called. */
export function readWebhook(c: Struct<(typeof webhook)["fields"]>, at: Place): WebhookIntegration {
  const { to, path } = at;
  const url = to.valueOrFile(c, "url", c.url, c.url_file) ?? "";
  return {
    type: "webhook",
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    url: to.address(to.d.at(c, "url"), `${path}.url`, url),
    maxAlerts: c.max_alerts ?? 0,
    ...timeout(c),
    ...(c.payload === undefined ? {} : { payload: templateTree(to, c.payload, `${path}.payload`) }),
    ...(c.signing_secret ? { signingSecret: c.signing_secret } : {}),
  };
}
