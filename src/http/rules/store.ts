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
}

/** A row of D1 takes 2 MB. */
export const MAX_STORED_CHARS = 1_500_000;

const Stored = z.object({ namespace: z.string(), name: z.string(), yaml: z.string() });

/** The document of one group: its specification without the version, and its YAML. */
export function documentOf(namespace: string, parsed: ParsedFile, group: ParsedGroup): string {
  const { node: _, ...spec } = group;
  return JSON.stringify({ namespace, ...spec, yaml: groupYaml(parsed.file, group) });
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

export type Applied = "created" | "updated" | "unchanged";

/** Stores a group where it differs from what is in force, and starts it in any case: repeating it after a failure is safe. */
export async function applyGroup(
  deps: Deps,
  projectId: string,
  change: { readonly key: string; readonly body: string; readonly by: string },
  inForce: ConfigDocument | undefined,
): Promise<Applied> {
  const { key, body, by } = change;
  const same = inForce?.body === body;
  const doc = same ? inForce : await deps.configStore(projectId).put("rules", key, body, by);
  const { yaml: _, ...spec } = JSON.parse(doc.body) as RuleGroupSpec & { yaml: string }; // as documentOf() made it
  await deps
    .objects(projectId)
    .ruleGroup(key)
    .configure(JSON.stringify({ ...spec, version: doc.version } satisfies RuleGroupSpec));
  if (inForce === undefined) return "created";
  return same ? "unchanged" : "updated";
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
