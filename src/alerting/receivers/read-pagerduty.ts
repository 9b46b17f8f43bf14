import type { PagerDutyIntegration, TemplateTree } from "../config";
import type { Struct } from "../config-decode";
import { templateTree } from "./template-tree";
import { type Place, base, timeout } from "./place";
import type { pagerduty } from "./delivered";

type PagerDutyYaml = Struct<(typeof pagerduty)["fields"]>;

const TEXTS = [
  ["severity", "severity"],
  ["description", "description"],
  ["client", "client"],
  ["client_url", "clientUrl"],
  ["source", "source"],
  ["component", "component"],
  ["group", "group"],
  ["class", "class"],
] as const;

const V2_URL = "https://events.pagerduty.com/v2/enqueue";
/** Where Alertmanager sends what has a service key, whatever `url` says. */
const V1_URL = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

/** Events API v2 by a routing key, v1 by a service key. */
export function readPagerDuty(c: PagerDutyYaml, at: Place): PagerDutyIntegration {
  const { to, path } = at;
  const service = to.valueOrFile(c, "service_key", c.service_key, c.service_key_file);
  const routing = to.valueOrFile(c, "routing_key", c.routing_key, c.routing_key_file);
  const version = c.service_key || c.service_key_file ? 1 : 2;
  const url = version === 1 ? V1_URL : (c.url ?? to.global.pagerduty_url ?? V2_URL);
  const where = c.url === undefined ? to.d.at(to.global, "pagerduty_url") : to.d.at(c, "url");
  const details = detailsOf(c, at);
  return {
    type: "pagerduty",
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    ...(version === 1 ? { version } : {}),
    routingKey: (version === 1 ? service : routing) ?? "",
    url: to.address(where, `${path}.url`, url),
    ...to.templates(c, path, TEXTS),
    ...timeout(c),
    ...(details === undefined ? {} : { details }),
    ...mediaOf(c, at),
  };
}

function detailsOf(
  c: PagerDutyYaml,
  { to, path }: Place,
): Record<string, TemplateTree> | undefined {
  if (c.details === undefined || c.details.size === 0) return undefined;
  const out: [string, TemplateTree][] = [];
  for (const [name, node] of c.details)
    out.push([name, node === undefined ? "" : templateTree(to, node, `${path}.details.${name}`)]);
  return Object.fromEntries(out);
}

const IMAGE_TEXTS = [
  ["src", "src"],
  ["alt", "alt"],
  ["href", "href"],
] as const;
const LINK_TEXTS = [
  ["href", "href"],
  ["text", "text"],
] as const;

function mediaOf(
  c: PagerDutyYaml,
  { to, path }: Place,
): Pick<PagerDutyIntegration, "images" | "links"> {
  const images = (c.images ?? []).map((image, i) =>
    to.templates(image ?? {}, `${path}.images[${i}]`, IMAGE_TEXTS),
  );
  const links = (c.links ?? []).map((link, i) =>
    to.templates(link ?? {}, `${path}.links[${i}]`, LINK_TEXTS),
  );
  return {
    ...(images.length === 0 ? {} : { images }),
    ...(links.length === 0 ? {} : { links }),
  };
}
