import type { Node } from "yaml";
import { NotCompiled } from "./compile-condition";
import { type Condition, parseCondition } from "./condition";
import { type Text, refuseInside } from "./fields";
import type { WatchContext } from "./model";

type Source = Pick<WatchContext, "source">;

/** A condition of the file. @throws Refused */
export function parsed(c: Source, text: Text): Condition {
  const tree = parseCondition(text.text);
  return tree.ok
    ? tree.value
    : refuseInside(c.source, text.node, tree.error.column, tree.error.message);
}

/** A condition made of what a field says otherwise: what is wrong with it is wrong where the field begins. @throws Refused */
export function composed(c: Source, text: Text): Condition {
  const tree = parseCondition(text.text);
  return tree.ok ? atStart(tree.value) : refuseInside(c.source, text.node, 1, tree.error.message);
}

function atStart(c: Condition): Condition {
  switch (c.kind) {
    case "number":
    case "path":
      return { ...c, at: 1 };
    case "call":
      return { ...c, path: { ...c.path, at: 1 }, at: 1 };
    default:
      return { ...c, left: atStart(c.left), right: atStart(c.right), at: 1 };
  }
}

/** Says where in the file it was that a part of a condition has no meaning. */
export function inside<T>(c: Source, node: Node, compile: () => T): T {
  try {
    return compile();
  } catch (e) {
    if (e instanceof NotCompiled) return refuseInside(c.source, node, e.column, e.message);
    throw e;
  }
}
