import type { Context } from "hono";
import type { ConfigRefusal } from "../../alerting/config-error";
import { type Result, err, ok } from "../../core/result";
import { checkMediaType } from "../../ingest/body/content";
import { groupKey } from "../../rules/model";
import { type ParsedFile, parseGroup, parseRuleFile } from "../../rules/rule-file";
import { namespacesYaml } from "../../rules/rule-yaml";
import { orShorthand } from "../../rules/shorthand/rule-source";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { type RulesRefusal, rulesProblem } from "./problems";
import {
  MAX_STORED_CHARS,
  type StoredGroup,
  documentOf,
  documentsOf,
  listGroups,
  readStored,
  removeGroup,
  startGroup,
  storeGroups,
} from "./store";
import { unseenWarnings } from "./unseen";

type Ctx = Context<AppEnv>;

const MAX_BODY = 1_048_576;
const MAX_NAMESPACE = 200;
/** Of namespace and group, percent-encoded: they name an object, whose name ends at 1,024 bytes with its project. */
const MAX_KEY = 900;
/** curl sends a form type unless told otherwise; YAML in it is plain to see. */
const TYPES = [
  "",
  "application/yaml",
  "application/x-yaml",
  "text/yaml",
  "text/x-yaml",
  "text/plain",
  "application/json",
  "application/x-www-form-urlencoded",
];

/** `GET /config/v1/rules` and `/config/v1/rules/:namespace`; with `?form=source` what was put, not what it was compiled to. */
export async function getNamespaces(c: Ctx): Promise<Response> {
  const namespace = c.req.param("namespace");
  const groups = await listGroups(c.get("deps"), c.get("actor").projectId, namespace);
  if (namespace !== undefined && groups.length === 0)
    return rulesProblem(c, { reason: "namespace_unknown", namespace });
  if (c.req.query("form") === "source")
    return yaml(c, groups.map((g) => g.source ?? g.yaml).join("---\n"));
  return yaml(c, namespacesYaml(byNamespace(groups)));
}

/** `GET /config/v1/rules/:namespace/:group`, with `?form=source` as above */
export async function getGroup(c: Ctx): Promise<Response> {
  const { namespace, group } = params(c);
  const store = c.get("deps").configStore(c.get("actor").projectId);
  const doc = await store.get("rules", groupKey(namespace, group));
  if (doc === undefined) return rulesProblem(c, { reason: "group_unknown", namespace, group });
  const stored = readStored(doc);
  return yaml(c, c.req.query("form") === "source" ? (stored.source ?? stored.yaml) : stored.yaml);
}

/** `POST /config/v1/rules/:namespace`: one group, made or replaced. */
export async function postGroup(c: Ctx): Promise<Response> {
  const { namespace } = params(c);
  const parsed = await readRules(c, namespace, orShorthand(parseGroup));
  if (!parsed.ok) return rulesProblem(c, parsed.error);
  return applyAll(c, namespace, parsed.value, "keep");
}

/** `PUT /config/v1/rules/:namespace`: a whole rule file; groups that it does not have are removed. */
export async function putNamespace(c: Ctx): Promise<Response> {
  const { namespace } = params(c);
  const parsed = await readRules(c, namespace, orShorthand(parseRuleFile));
  if (!parsed.ok) return rulesProblem(c, parsed.error);
  return applyAll(c, namespace, parsed.value, "remove");
}

/** `DELETE /config/v1/rules/:namespace/:group` */
export async function deleteGroup(c: Ctx): Promise<Response> {
  const { namespace, group } = params(c);
  const { projectId, name } = c.get("actor");
  try {
    const known = await removeGroup(c.get("deps"), projectId, groupKey(namespace, group), name);
    if (!known) return rulesProblem(c, { reason: "group_unknown", namespace, group });
  } catch (e) {
    return rulesProblem(c, unavailable(e));
  }
  return accepted(c, {});
}

/** `DELETE /config/v1/rules/:namespace` */
export async function deleteNamespace(c: Ctx): Promise<Response> {
  const { namespace } = params(c);
  const deps = c.get("deps");
  const { projectId, name } = c.get("actor");
  const groups = await listGroups(deps, projectId, namespace);
  if (groups.length === 0) return rulesProblem(c, { reason: "namespace_unknown", namespace });
  try {
    for (const g of groups) await removeGroup(deps, projectId, groupKey(namespace, g.name), name);
  } catch (e) {
    return rulesProblem(c, unavailable(e));
  }
  return accepted(c, {});
}

/** Everything has been checked before the first group changes. */
async function applyAll(
  c: Ctx,
  namespace: string,
  parsed: ParsedFile,
  others: "keep" | "remove",
): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name: by } = c.get("actor");
  const documents = parsed.groups.map((g) => ({
    name: g.name,
    key: groupKey(namespace, g.name),
    body: documentOf(namespace, parsed, g),
  }));
  const longest = documents.find((d) => d.key.length > MAX_KEY);
  if (longest !== undefined)
    return rulesProblem(c, { reason: "name_too_long", group: longest.name, limit: MAX_KEY });
  const large = documents.find((d) => d.body.length > MAX_STORED_CHARS);
  if (large !== undefined)
    return rulesProblem(c, {
      reason: "group_too_large",
      group: large.name,
      limit: MAX_STORED_CHARS,
    });
  const done: Record<"created" | "updated" | "unchanged" | "removed", string[]> = {
    created: [],
    updated: [],
    unchanged: [],
    removed: [],
  };
  try {
    const stored = await documentsOf(deps, projectId, namespace);
    const inForce = new Map(stored.map((doc) => [doc.name, doc]));
    const now = await storeGroups(deps, projectId, documents, inForce, by);
    await inBatches(now, (doc) => startGroup(deps, projectId, doc));
    for (const [i, { key, name }] of documents.entries()) {
      const before = inForce.get(key);
      if (before === undefined) done.created.push(name);
      else done[before.version === now[i]?.version ? "unchanged" : "updated"].push(name);
    }
    const wanted = new Set(documents.map((d) => d.key));
    const gone = others === "keep" ? [] : stored.filter((doc) => !wanted.has(doc.name));
    await inBatches(gone, async (doc) => {
      await removeGroup(deps, projectId, doc.name, by);
      done.removed.push(readStored(doc).name);
    });
  } catch (e) {
    return rulesProblem(c, unavailable(e));
  }
  const unseen = await unseenWarnings(deps.metrics(projectId), deps.clock(), parsed.reads ?? []);
  return accepted(c, done, [...parsed.warnings, ...unseen]);
}

async function readRules(
  c: Ctx,
  namespace: string,
  parse: (text: string) => Result<ParsedFile, ConfigRefusal>,
): Promise<Result<ParsedFile, RulesRefusal>> {
  if (namespace.length > MAX_NAMESPACE)
    return err({ reason: "namespace_name", limit: MAX_NAMESPACE });
  const media = checkMediaType(c.req.header("content-type"), TYPES);
  if (!media.ok) return err({ reason: "body", error: media.error });
  const body = await readBody(c.req.raw, {
    limitBytes: MAX_BODY,
    encodings: ["identity", "gzip"],
  });
  if (!body.ok) return err({ reason: "body", error: body.error });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body.value);
  } catch {
    return err({ reason: "malformed_text" });
  }
  const parsed = parse(text);
  return parsed.ok ? ok(parsed.value) : err({ reason: "refused", refusal: parsed.error });
}

/** Simultaneous connections of one invocation. */
const AT_ONCE = 6;

async function inBatches<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE)
    await Promise.all(items.slice(i, i + AT_ONCE).map(work));
}

function params(c: Ctx): { readonly namespace: string; readonly group: string } {
  return { namespace: c.req.param("namespace") ?? "", group: c.req.param("group") ?? "" };
}

function byNamespace(groups: readonly StoredGroup[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const g of groups) {
    const list = out.get(g.namespace) ?? [];
    list.push(g.yaml);
    out.set(g.namespace, list);
  }
  return out;
}

function yaml(c: Ctx, text: string): Response {
  return c.body(text, 200, { "content-type": "application/yaml" });
}

/** 202 and the body that Mimir's and Cortex' clients expect. */
function accepted(
  c: Ctx,
  groups: Readonly<Record<string, readonly string[]>>,
  warnings: readonly string[] = [],
): Response {
  const data = Object.keys(groups).length === 0 ? null : { groups };
  const notes = warnings.length === 0 ? {} : { warnings };
  return c.json({ status: "success", data, errorType: "", error: "", ...notes }, 202);
}

function unavailable(e: unknown): RulesRefusal {
  return { reason: "unavailable", message: e instanceof Error ? e.message : String(e) };
}
