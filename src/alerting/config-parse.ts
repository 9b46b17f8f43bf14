import type { Node } from "yaml";
import { compareStrings } from "../core/labels";
import type { Matcher } from "../core/matchers";
import { type Result, err, ok } from "../core/result";
import { type ConfigRefusal, Refused } from "./config-error";
import type { InhibitRule, Integration, ReceiverConfig, Route, RouterConfig } from "./config";
import { type GlobalDefaults, type UrlCheck, parseGlobal, parseReceiver } from "./config-receivers";
import { checkMatcher, parseMatchers } from "./matcher-text";
import { renderRouteMatchers } from "./routing";
import { Fields, YamlFile } from "./yaml-fields";

const MAX_ROUTES = 1_000;
const MAX_RECEIVERS = 1_000;

/** Alertmanager's own defaults (docs/configuration.md, <route>). */
const ROOT_TIMES = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 };

/**
 * Reads Alertmanager YAML. Inherited values are filled in; what is unknown or not delivered
 * is refused by name, with line and column. `checkUrl` says why an address may not be called.
 */
export function parseRouterConfig(
  text: string,
  checkUrl: UrlCheck = () => undefined,
): Result<RouterConfig<Integration>, ConfigRefusal> {
  try {
    return ok(read(new YamlFile(text), checkUrl));
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

function read(file: YamlFile, checkUrl: UrlCheck): RouterConfig<Integration> {
  const root = file.root();
  const global = parseGlobal(root.fields("global"), checkUrl);
  const receivers = readReceivers(root, global);
  const routeNode = root.fields("route");
  if (routeNode === undefined) return file.refuse(root.node, "field_missing", "no route provided");
  const names = new Set(receivers.map((r) => r.name));
  const budget = { routes: MAX_ROUTES };
  const route = readRoute(routeNode, undefined, "0", names, budget);
  const inhibitRules = root
    .list("inhibit_rules")
    .map(({ node, path }) => readInhibitRule(new Fields(file, node, path)));
  root.refuseUndelivered(["time_intervals", "mute_time_intervals"]);
  const templates = root.list("templates")[0];
  if (templates !== undefined)
    file.refuse(templates.node, "not_delivered", "not delivered yet: templates");
  root.end();
  return { resolveTimeoutMs: global.resolveTimeoutMs, route, receivers, inhibitRules };
}

function readReceivers(root: Fields, global: GlobalDefaults): ReceiverConfig<Integration>[] {
  const seen = new Set<string>();
  const list = root.list("receivers");
  const over = list[MAX_RECEIVERS];
  if (over !== undefined)
    root.file.refuse(over.node, "too_large", `more than ${MAX_RECEIVERS} receivers`);
  return list.map(({ node, path }) => {
    const receiver = parseReceiver(new Fields(root.file, node, path), global);
    if (seen.has(receiver.name))
      root.file.refuse(
        node,
        "value_wrong",
        `notification config name ${JSON.stringify(receiver.name)} is not unique`,
      );
    seen.add(receiver.name);
    return receiver;
  });
}

function readRoute(
  f: Fields,
  parent: Route | undefined,
  id: string,
  receivers: ReadonlySet<string>,
  budget: { routes: number },
): Route {
  if (--budget.routes < 0) f.file.refuse(f.node, "too_large", `more than ${MAX_ROUTES} routes`);
  const receiver = readRouteReceiver(f, parent, receivers);
  const matchers = readMatchers(f, "match", "match_re", "matchers");
  const goOn = f.flag("continue", false);
  if (parent === undefined && matchers.length > 0)
    f.file.refuse(f.node, "value_wrong", "root route must not have any matchers");
  if (parent === undefined && goOn)
    f.file.refuse(f.node, "value_wrong", "cannot have continue in root route");
  f.refuseUndelivered(["mute_time_intervals", "active_time_intervals"]);
  const own = {
    groupBy: readGroupBy(f) ?? parent?.groupBy ?? [],
    ...readTimes(f, parent ?? ROOT_TIMES),
  };
  const route: Route = {
    id,
    key: parent === undefined ? "{}" : `${parent.key}/${renderRouteMatchers(matchers)}`,
    receiver,
    matchers,
    continue: goOn,
    ...own,
    routes: [],
  };
  const routes = f
    .list("routes")
    .map(({ node, path }, i) =>
      readRoute(new Fields(f.file, node, path), route, `${id}/${i}`, receivers, budget),
    );
  f.end();
  return { ...route, routes };
}

function readRouteReceiver(
  f: Fields,
  parent: Route | undefined,
  receivers: ReadonlySet<string>,
): string {
  const node = f.take("receiver");
  const name = node === undefined ? "" : f.scalarText(node, f.at("receiver"));
  if (name === "") {
    if (parent === undefined)
      return f.file.refuse(f.node, "field_missing", "root route must specify a default receiver");
    return parent.receiver;
  }
  if (!receivers.has(name))
    return f.file.refuse(
      node,
      "receiver_undefined",
      `undefined receiver ${JSON.stringify(name)} used in route`,
    );
  return name;
}

function readGroupBy(f: Fields): readonly string[] | "all" | undefined {
  const list = f.texts("group_by");
  if (list.length === 0) return undefined;
  const names = new Set<string>();
  for (const { text, node } of list) {
    if (names.has(text))
      f.file.refuse(node, "value_wrong", `duplicated label ${JSON.stringify(text)} in group_by`);
    names.add(text);
  }
  if (!names.has("...")) return [...names].sort(compareStrings);
  if (names.size > 1)
    f.file.refuse(
      list[0]?.node,
      "value_wrong",
      "cannot have wildcard group_by (`...`) and other labels at the same time",
    );
  return "all";
}

type Times = Pick<Route, "groupWaitMs" | "groupIntervalMs" | "repeatIntervalMs">;

function readTimes(f: Fields, inherited: Times): Times {
  const wait = f.duration("group_wait");
  const interval = f.duration("group_interval");
  const repeat = f.duration("repeat_interval");
  if (interval?.ms === 0)
    f.file.refuse(interval.node, "value_wrong", "group_interval cannot be zero");
  if (repeat?.ms === 0) f.file.refuse(repeat.node, "value_wrong", "repeat_interval cannot be zero");
  return {
    groupWaitMs: wait?.ms ?? inherited.groupWaitMs,
    groupIntervalMs: interval?.ms ?? inherited.groupIntervalMs,
    repeatIntervalMs: repeat?.ms ?? inherited.repeatIntervalMs,
  };
}

function readInhibitRule(f: Fields): InhibitRule {
  const rule: InhibitRule = {
    source: readMatchers(f, "source_match", "source_match_re", "source_matchers"),
    target: readMatchers(f, "target_match", "target_match_re", "target_matchers"),
    equal: f.texts("equal").map((t) => t.text),
  };
  f.refuseUndelivered(["name", "sources"]);
  f.end();
  return rule;
}

/** The old exact and regex maps and the new list, all of which must match. */
function readMatchers(f: Fields, exact: string, regex: string, list: string): Matcher[] {
  const out: Matcher[] = [];
  const add = (m: Matcher, node: Node): void => {
    const checked = checkMatcher(m);
    if (!checked.ok) f.file.refuse(node, "value_wrong", `${f.path}: ${checked.error}`);
    out.push(m);
  };
  for (const [name, value, node] of f.textMap(exact)) {
    requireName(f, name, node);
    add({ type: "=", name, value }, node);
  }
  for (const [name, value, node] of f.textMap(regex)) {
    requireName(f, name, node);
    // Alertmanager anchors the old form in the text itself, where group keys show it.
    add({ type: "=~", name, value: `^(?:${value})$` }, node);
  }
  for (const { text, node } of f.texts(list)) {
    const parsed = parseMatchers(text);
    if (!parsed.ok)
      f.file.refuse(node, "value_wrong", `${f.at(list)}: ${JSON.stringify(text)}: ${parsed.error}`);
    else out.push(...parsed.value);
  }
  return out;
}

function requireName(f: Fields, name: string, node: Node): void {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    f.file.refuse(node, "value_wrong", `${f.path}: ${JSON.stringify(name)} is not a label name`);
}
