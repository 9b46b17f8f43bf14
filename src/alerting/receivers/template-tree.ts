import { type Node, isMap, isScalar, isSeq } from "yaml";
import type { TemplateTree } from "../config";
import type { Delivery } from "../config-deliver";

/** More than any service takes in one message. */
const MAX_VALUES = 5_000;
const MAX_DEPTH = 50;

/** A field of any shape (`payload`, `details`): its texts and keys are templates, its numbers and flags stay what they are. */
export function templateTree(to: Delivery, root: Node, path: string): TemplateTree {
  let values = 0;
  const text = (node: unknown, own: string): string =>
    to.template(node, path, to.d.options.fill(own, root));
  const read = (unresolved: unknown, depth: number): TemplateTree => {
    const node = to.d.file.resolve(unresolved);
    if (++values > MAX_VALUES || depth > MAX_DEPTH) {
      if (values <= MAX_VALUES + 1)
        to.refuse(root, `${path} holds too many values, or nests too deeply`, "value_wrong");
      return null;
    }
    if (isSeq(node)) return node.items.map((item) => read(item, depth + 1));
    if (isMap(node))
      return Object.fromEntries(
        node.items.flatMap(({ key, value }): [string, TemplateTree][] => {
          // JSON has no other keys.
          if (!isScalar(key) || typeof key.value !== "string") return [];
          return [[text(key, key.value), read(value, depth + 1)]];
        }),
      );
    if (!isScalar(node)) return null;
    const { value } = node;
    if (typeof value === "string") return text(node, value);
    if (typeof value === "boolean") return value;
    // JSON has no infinities, and digits beyond a double's would be lost.
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return value === null || value === undefined ? null : (node.source ?? null);
  };
  return read(root, 0);
}
