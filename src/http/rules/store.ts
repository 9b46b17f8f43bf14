import * as z from "zod";
import type { ConfigDocument } from "../../core/config-store";
import type { Deps } from "../deps";
import { type RuleGroupSpec, groupKey } from "../../rules/model";
import type { ParsedFile, ParsedGroup } from "../../rules/rule-file";
import { groupYaml } from "../../rules/rule-yaml";

/** A group in force: what runs, and the text it came from. */
export interface StoredGroup {
  readonly namespace: string;
  readonly name: string;
  readonly yaml: string;
  /** What the group was compiled from, where it was put in the shorthand. */
  readonly source?: string | undefined;
}

/** A row of D1 takes 2 MB. */
export const MAX_STORED_CHARS = 1_500_000;

const Stored = z.object({
  namespace: z.string(),
  name: z.string(),
  yaml: z.string(),
  source: z.string().optional(),
});

/** The document of one group: its specification without the version, its YAML, and what that was compiled from. */
export function documentOf(namespace: string, parsed: ParsedFile, group: ParsedGroup): string {
  const { node: _, ...spec } = group;
  const source = parsed.source === undefined ? {} : { source: parsed.source };
  return JSON.stringify({ namespace, ...spec, yaml: groupYaml(parsed.file, group), ...source });
}

export function readStored(doc: ConfigDocument): StoredGroup {
  return Stored.parse(JSON.parse(doc.body));
}

export async function listGroups(
  deps: Deps,
  projectId: string,
  namespace?: string,
): Promise<StoredGroup[]> {
  return (await documentsOf(deps, projectId, namespace)).map(readStored);
}

export async function documentsOf(
  deps: Deps,
  projectId: string,
  namespace: string | undefined,
): Promise<ConfigDocument[]> {
  const prefix = namespace === undefined ? "" : groupKey(namespace, "");
  return deps.configStore(projectId).list("rules", prefix);
}

/** Stores the groups that differ from what is in force, all of them or none. Gives every group's document, in the order asked. */
export async function storeGroups(
  deps: Deps,
  projectId: string,
  groups: readonly { readonly key: string; readonly body: string }[],
  inForce: ReadonlyMap<string, ConfigDocument>,
  by: string,
): Promise<ConfigDocument[]> {
  const changed = groups.filter((g) => inForce.get(g.key)?.body !== g.body);
  const documents = changed.map((g) => ({ name: g.key, body: g.body }));
  const put = await deps.configStore(projectId).putAll("rules", documents, by);
  const now = new Map([...inForce, ...put.map((d) => [d.name, d] as const)]);
  return groups.map((g) => now.get(g.key) as ConfigDocument); // in force, or put above
}

/** Starts a stored group: repeating it after a failure is safe. */
export async function startGroup(
  deps: Deps,
  projectId: string,
  doc: ConfigDocument,
): Promise<void> {
  // As documentOf() made it.
  const body = JSON.parse(doc.body) as RuleGroupSpec & { yaml: string; source?: string };
  const { yaml: _, source: __, ...spec } = body;
  await deps
    .objects(projectId)
    .ruleGroup(doc.name)
    .configure(JSON.stringify({ ...spec, version: doc.version } satisfies RuleGroupSpec));
}

/** Stops a group, resolves its alerts, and forgets it; false where there is none. */
export async function removeGroup(
  deps: Deps,
  projectId: string,
  key: string,
  by: string,
): Promise<boolean> {
  const store = deps.configStore(projectId);
  if ((await store.get("rules", key)) === undefined) return false;
  await deps.objects(projectId).ruleGroup(key).remove();
  return store.remove("rules", key, by);
}
