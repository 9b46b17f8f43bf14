import { Document, YAMLMap, YAMLSeq, isMap, isNode, parseDocument, visit } from "yaml";
import type { YamlFile } from "../alerting/yaml-fields";
import type { ParsedGroup } from "./rule-file";

/** A group of a file as YAML of its own, comments included. */
export function groupYaml(file: YamlFile, group: ParsedGroup): string {
  if (group.node === file.document.contents) return String(file.document);
  if (!isNode(group.node)) throw new Error("a parsed group without its node");
  let aliased = false;
  visit(group.node, { Alias: () => void (aliased = true) });
  const alone = new Document();
  // An alias may point outside the group; its value then stands in its place, and comments are lost.
  alone.contents = aliased
    ? alone.createNode(group.node.toJS(file.document), { aliasDuplicateObjects: false })
    : group.node;
  return String(alone);
}

/** Namespaces and their groups as the ruler API lists them: a mapping of lists. */
export function namespacesYaml(namespaces: ReadonlyMap<string, readonly string[]>): string {
  const out = new Document(new YAMLMap());
  const map = out.contents as YAMLMap; // made in the line above
  for (const [namespace, groups] of namespaces) {
    const list = new YAMLSeq();
    for (const yaml of groups) {
      const doc = parseDocument(yaml);
      const { contents } = doc;
      if (contents === null) continue;
      if (isMap(contents) && doc.commentBefore != null)
        contents.commentBefore = [doc.commentBefore, contents.commentBefore]
          .filter((c) => c != null)
          .join("\n");
      list.add(contents);
    }
    map.add(out.createPair(namespace, list));
  }
  return String(out);
}
