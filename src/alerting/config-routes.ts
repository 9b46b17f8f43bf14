import { compareStrings } from "../core/labels";
import type { Matcher } from "../core/matchers";
import type { InhibitRule, NamedTimeIntervals, Route } from "./config";
import type { Delivery } from "./config-deliver";
import type { ConfigFile, RouteConfig } from "./config-schema";
import { renderRouteMatchers } from "./routing";

/** Alertmanager's own defaults (docs/configuration.md, <route>). */
const ROOT: Inherited = {
  receiver: "",
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 14_400_000,
};

type Inherited = Pick<
  Route,
  "receiver" | "groupBy" | "groupWaitMs" | "groupIntervalMs" | "repeatIntervalMs" | "labels"
>;

/** The tree with every inherited value filled in. A receiver that there is not is the root's, which is told. */
export function readRouteTree(
  root: RouteConfig,
  receivers: ReadonlySet<string>,
  to: Delivery,
): Route {
  return readRoute(root, ROOT, "0", undefined, receivers, root.receiver ?? "", to);
}

function readRoute(
  r: RouteConfig,
  inherited: Inherited,
  id: string,
  parentKey: string | undefined,
  receivers: ReadonlySet<string>,
  rootReceiver: string,
  to: Delivery,
): Route {
  const matchers = matchersOf(r.match, r.match_re, r.matchers);
  const labels = labelsOf(r, inherited, to);
  const own: Inherited = {
    ...(labels === undefined ? {} : { labels }),
    receiver: receiverOf(r, inherited, receivers, rootReceiver, to),
    groupBy: groupByOf(r) ?? inherited.groupBy,
    groupWaitMs: r.group_wait ?? inherited.groupWaitMs,
    groupIntervalMs: r.group_interval ?? inherited.groupIntervalMs,
    repeatIntervalMs: r.repeat_interval ?? inherited.repeatIntervalMs,
  };
  const key = parentKey === undefined ? "{}" : `${parentKey}/${renderRouteMatchers(matchers)}`;
  const muted = names(r.mute_time_intervals);
  const active = names(r.active_time_intervals);
  return {
    id,
    key,
    matchers,
    continue: r.continue ?? false,
    ...own,
    ...(muted.length === 0 ? {} : { muteTimeIntervals: muted }),
    ...(active.length === 0 ? {} : { activeTimeIntervals: active }),
    routes: (r.routes ?? []).flatMap((child, i) =>
      child === undefined
        ? []
        : [readRoute(child, own, `${id}/${i}`, key, receivers, rootReceiver, to)],
    ),
  };
}

function receiverOf(
  r: RouteConfig,
  inherited: Inherited,
  receivers: ReadonlySet<string>,
  rootReceiver: string,
  to: Delivery,
): string {
  const name = r.receiver || inherited.receiver;
  if (receivers.has(name)) return name;
  to.note(
    "receiver_undefined",
    "a route to a receiver that is not defined goes to the root route's",
    to.d.at(r, "receiver"),
    name,
  );
  return rootReceiver;
}

function labelsOf(r: RouteConfig, inherited: Inherited, to: Delivery): Inherited["labels"] {
  if (r.labels === undefined) return inherited.labels;
  const own = [...r.labels].map(
    ([name, value]) =>
      [name, to.template(to.d.at(r.labels ?? r, name), `labels.${name}`, value ?? "")] as const,
  );
  return { ...inherited.labels, ...Object.fromEntries(own) };
}

function groupByOf(r: RouteConfig): readonly string[] | "all" | undefined {
  if (r.group_by === undefined) return undefined;
  const list = names(r.group_by);
  return list.includes("...") ? "all" : [...list].sort(compareStrings);
}

export function readInhibitRules(yaml: ConfigFile): InhibitRule[] {
  return (yaml.inhibit_rules ?? []).flatMap((rule) => {
    if (rule === undefined) return [];
    return [
      {
        source: matchersOf(rule.source_match, rule.source_match_re, rule.source_matchers),
        target: matchersOf(rule.target_match, rule.target_match_re, rule.target_matchers),
        equal: names(rule.equal),
      },
    ];
  });
}

/** Both lists, the old one first, as Alertmanager keeps them. */
export function readIntervals(yaml: ConfigFile): NamedTimeIntervals[] {
  return [...(yaml.mute_time_intervals ?? []), ...(yaml.time_intervals ?? [])].filter(
    (i) => i !== undefined,
  );
}

type Texts = ReadonlyMap<string, string | undefined> | undefined;

/** The old exact and regex maps and the new list, all of which must match. */
function matchersOf(exact: Texts, regex: Texts, list: readonly Matcher[] | undefined): Matcher[] {
  const out: Matcher[] = [];
  for (const [name, value] of exact ?? []) out.push({ type: "=", name, value: value ?? "" });
  for (const [name, value] of regex ?? [])
    out.push({ type: "=~", name, value: `^(?:${value ?? ""})$` });
  return [...out, ...(list ?? [])];
}

function names(list: readonly (string | undefined)[] | undefined): string[] {
  return (list ?? []).map((name) => name ?? "");
}
