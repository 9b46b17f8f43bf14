import { parseTemplate } from "../../core/template/index";
import { list, mapOf, struct } from "../config-decode";
import { hasAuthorization, httpConfig } from "../config-http";
import { flag, goDuration, secret, text, textDuration, uint64, url } from "../config-scalars";
import { atMostOne, missing, notifier, oneOf } from "./common";

/** Receiver types that wake people: read and judged as Alertmanager does, and not delivered. */
export const incidentio = struct(
  "incidentio.plain",
  {
    ...notifier,
    http_config: httpConfig,
    url,
    url_file: text,
    alert_source_token: secret,
    alert_source_token_file: text,
    max_alerts: uint64,
    timeout: goDuration,
  },
  (c, d) => {
    oneOf(d, c, "url", "url_file");
    atMostOne(d, c, "url", "url_file");
    atMostOne(d, c, "alert_source_token", "alert_source_token_file");
    const token = Boolean(c.alert_source_token || c.alert_source_token_file);
    const header = hasAuthorization(c.http_config);
    if (header && token)
      d.fail(
        d.at(c),
        "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization",
      );
    if (c.http_config !== undefined && !header && !token)
      d.fail(
        d.at(c),
        "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
      );
  },
);

const RESPONDER_TYPES = "^(team|teams|user|escalation|schedule)$";

export const opsgenie = struct(
  "opsgenie.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_key: secret,
    api_key_file: text,
    api_url: url,
    message: text,
    description: text,
    source: text,
    details: mapOf(text),
    entity: text,
    responders: list(
      struct("opsgenie.OpsGenieConfigResponder", {
        id: text,
        name: text,
        username: text,
        type: text,
      }),
    ),
    actions: text,
    tags: text,
    note: text,
    priority: text,
    update_alerts: flag,
  },
  (c, d) => {
    atMostOne(d, c, "api_key", "api_key_file");
    for (const r of c.responders ?? []) {
      const { id = "", name = "", username = "", type = "" } = r ?? {};
      const at = r === undefined ? d.at(c, "responders") : d.at(r);
      const shown = `opsGenieConfig responder {${id} ${name} ${username} ${type}}`;
      if (id === "" && username === "" && name === "")
        d.fail(
          at,
          `${shown} has to have at least one of id, username or name specified`,
          "field_missing",
        );
      if (type.includes("{{")) {
        const parsed = parseTemplate(type, "go");
        if (!parsed.ok)
          d.fail(at, `${shown} type is not a valid template: ${parsed.error.message}`);
      } else if (!new RegExp(RESPONDER_TYPES).test(type.toLowerCase()))
        d.fail(at, `${shown} type does not match valid options ${RESPONDER_TYPES}`);
    }
  },
);

export const pushover = struct(
  "pushover.plain",
  {
    ...notifier,
    http_config: httpConfig,
    user_key: secret,
    user_key_file: text,
    token: secret,
    token_file: text,
    title: text,
    message: text,
    url: text,
    url_title: text,
    device: text,
    sound: text,
    priority: text,
    retry: textDuration,
    expire: textDuration,
    ttl: textDuration,
    html: flag,
    monospace: flag,
  },
  (c, d) => {
    oneOf(d, c, "user_key", "user_key_file");
    atMostOne(d, c, "user_key", "user_key_file");
    oneOf(d, c, "token", "token_file");
    atMostOne(d, c, "token", "token_file");
    if (c.html === true && c.monospace === true)
      d.fail(d.at(c, "monospace"), "at most one of monospace & html must be configured");
  },
);

const sigv4 = struct(
  "sigv4.plain",
  {
    region: text,
    access_key: text,
    secret_key: secret,
    profile: text,
    role_arn: text,
    external_id: text,
    service: text,
    use_fips_sts_endpoint: flag,
  },
  (c, d) => {
    if (!c.access_key !== !c.secret_key)
      d.fail(
        d.at(c),
        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
      );
  },
);

export const sns = struct(
  "sns.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: text,
    sigv4,
    topic_arn: text,
    phone_number: text,
    target_arn: text,
    subject: text,
    message: text,
    attributes: mapOf(text),
    use_aws_http_client: flag,
  },
  (c, d) => {
    // An odd number of the three, as Alertmanager counts them: one, or all.
    const given = [c.target_arn, c.topic_arn, c.phone_number].filter(Boolean).length;
    if (given % 2 === 0)
      d.fail(
        d.at(c),
        "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config",
        "field_missing",
      );
  },
);

const VICTOROPS_OWN = [
  "routing_key",
  "message_type",
  "state_message",
  "entity_display_name",
  "monitoring_tool",
  "entity_id",
  "entity_state",
];

export const victorops = struct(
  "victorops.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_key: secret,
    api_key_file: text,
    api_url: url,
    routing_key: text,
    message_type: text,
    state_message: text,
    entity_display_name: text,
    monitoring_tool: text,
    custom_fields: mapOf(text),
  },
  (c, d) => {
    if (!c.routing_key) missing(d, c, "missing Routing key in VictorOps config");
    atMostOne(d, c, "api_key", "api_key_file");
    for (const name of VICTOROPS_OWN)
      if (c.custom_fields?.has(name) === true)
        d.fail(
          d.at(c, "custom_fields"),
          `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`,
        );
  },
);
