import { parse, stringify } from "yaml";
import { redactSecrets } from "./config-secrets";

/** An address in the place of one that may hold a secret: tools of every version take it for one. */
const HIDDEN_URL = "http://secret.invalid/<secret>";

/** Addresses that Alertmanager itself shows as `<secret>`, and reads back; all others it wants to be addresses. */
const SECRET_URLS = new Set([
  "global.slack_api_url",
  "global.mattermost_webhook_url",
  "slack_configs.api_url",
  "discord_configs.webhook_url",
  "mattermost_configs.webhook_url",
  "msteams_configs.webhook_url",
  "msteamsv2_configs.webhook_url",
]);

/** What stands here instead of Alertmanager's own sections and fields. */
const OWN_RECEIVERS = new Set(["incident_configs", "builtin_configs"]);
const OWN_FIELDS = new Set(["rate_limit", "signing_secret"]);

type Fields = Record<string, unknown>;

/**
 * A configuration that is in force as Alertmanager's own tools can load it: secrets hidden, what only
 * Vedette knows left out, what it only tolerates written as Alertmanager has it.
 */
export function shownConfig(yaml: string): string {
  const root: unknown = parse(redactSecrets(yaml), { maxAliasCount: 1_000 });
  if (!isFields(root)) return "";
  const names = new Set(itemsOf(root["receivers"]).map((r) => r["name"]));
  const route = root["route"];
  return stringify(
    mapped(root, (name, value) => {
      if (name === "global") return isFields(value) ? mapped(value, hideUrlIn(name)) : value;
      if (name === "route") return withKnownReceivers(value, names, route);
      return name === "receivers" ? itemsOf(value).map(shownReceiver) : value;
    }),
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function shownReceiver(receiver: Fields): Fields {
  return mapped(receiver, (name, value) => {
    if (OWN_RECEIVERS.has(name)) return undefined;
    if (!name.endsWith("_configs")) return value;
    return itemsOf(value).map((i) => {
      const shown = mapped(i, (field, v) =>
        OWN_FIELDS.has(field) ? undefined : hideUrlIn(name)(field, v),
      );
      return name === "email_configs" ? shownEmail(shown) : shown;
    });
  });
}

/** `subject` and `body` stand for a header and the text. */
function shownEmail({ subject, body, ...email }: Fields): Fields {
  const headers = isFields(email["headers"]) ? email["headers"] : {};
  return {
    ...email,
    ...(subject === undefined ? {} : { headers: { Subject: subject, ...headers } }),
    ...(body === undefined ? {} : { text: email["text"] ?? body }),
  };
}

/** Addresses that are hidden, and those that a project's secret fills in. */
function hideUrlIn(section: string): (field: string, value: unknown) => unknown {
  return (field, value) => {
    if (typeof value !== "string" || !/(?:^|_)url$/.test(field)) return value;
    const plain = !SECRET_URLS.has(`${section}.${field}`);
    return value.includes("${") || (plain && value === "<secret>") ? HIDDEN_URL : value;
  };
}

/** A route to a receiver that there is not goes to the root's. */
function withKnownReceivers(value: unknown, names: ReadonlySet<unknown>, root: unknown): unknown {
  if (!isFields(value)) return value;
  const rootReceiver = isFields(root) ? root["receiver"] : undefined;
  return mapped(value, (name, v) => {
    if (name === "receiver") return names.has(v) ? v : rootReceiver;
    return name === "routes" ? itemsOf(v).map((r) => withKnownReceivers(r, names, root)) : v;
  });
}

/** The same fields in the same order; those that become undefined are left out. */
function mapped(fields: Fields, change: (name: string, value: unknown) => unknown): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, change(name, value)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

function itemsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
