import type { Integration, ReceiverConfig } from "./config";
import type { Delivery } from "./config-deliver";
import type { ReceiverYaml } from "./config-schema";
import { type Place, base } from "./receivers/place";
import { readDiscord, readMsTeams, readTelegram } from "./receivers/read-chat";
import { readEmail } from "./receivers/read-email";
import { readPagerDuty } from "./receivers/read-pagerduty";
import { readSlack } from "./receivers/read-slack";
import { readWebhook } from "./receivers/read-webhook";

/** A name becomes part of its Receiver object's name and of API paths. */
const MAX_NAME = 200;

/** The integrations that are delivered, in an order that does not follow the file's; the others are named. */
export function readReceiver(
  yaml: ReceiverYaml,
  path: string,
  to: Delivery,
): ReceiverConfig<Integration> {
  const name = yaml.name ?? "";
  if (name.length > MAX_NAME)
    to.refuse(
      to.d.at(yaml, "name"),
      `${path}.name has more than ${MAX_NAME} characters`,
      "value_wrong",
    );
  const integrations: Integration[] = [];
  const each = <T extends object>(
    type: string,
    list: readonly (T | undefined)[] | undefined,
    read: (value: T, at: Place) => Integration,
  ): void =>
    list?.forEach((value, i) => {
      // What may be null is an empty mapping; what may not was refused before.
      const at = { path: `${path}.${type}_configs[${i}]`, id: `${name}/${type}/${i}`, to };
      integrations.push(read(value ?? emptyOf<T>(), at));
    });
  each("builtin", yaml.builtin_configs, (c, at) => ({ type: "builtin", ...base(c, at, true) }));
  each("incident", yaml.incident_configs, (c, at) => ({ type: "incident", ...base(c, at, true) }));
  each("webhook", yaml.webhook_configs, readWebhook);
  each("slack", yaml.slack_configs, readSlack);
  each("pagerduty", yaml.pagerduty_configs, readPagerDuty);
  each("email", yaml.email_configs, readEmail);
  each("discord", yaml.discord_configs, readDiscord);
  each("msteams", yaml.msteams_configs, (c, at) => readMsTeams("msteams", c, at));
  each("msteamsv2", yaml.msteamsv2_configs, (c, at) => readMsTeams("msteamsv2", c, at));
  each("telegram", yaml.telegram_configs, readTelegram);
  for (const type of UNDELIVERED) {
    const field = `${type}_configs` as const;
    if ((yaml[field]?.length ?? 0) > 0)
      to.refuse(
        to.d.at(yaml, field),
        `not delivered: ${path}.${field} (receiver ${JSON.stringify(name)})`,
      );
  }
  const labels = labelsOf(yaml);
  return { name, ...(labels === undefined ? {} : { labels }), integrations };
}

function labelsOf(yaml: ReceiverYaml): Readonly<Record<string, string>> | undefined {
  if (yaml.labels === undefined || yaml.labels.size === 0) return undefined;
  const entries = [...yaml.labels].map(([name, value]) => [name, value ?? ""] as const);
  return Object.fromEntries([...entries, ["name", yaml.name ?? ""]]);
}

const UNDELIVERED = [
  "incidentio",
  "jira",
  "mattermost",
  "opsgenie",
  "pushover",
  "rocketchat",
  "sns",
  "victorops",
  "webex",
  "wechat",
] as const;

function emptyOf<T extends object>(): T {
  return {} as T; // every field of the read structs may be absent
}
