import type { Node } from "yaml";
import { NotCompiled } from "./compile-condition";
import { type Condition, parseCondition } from "./condition";
import { type Text, refuseInside } from "./fields";
import type { WatchContext } from "./model";

/** A condition of the file. @throws Refused */
export function parsed(c: WatchContext, text: Text): Condition {
  const tree = parseCondition(text.text);
  return tree.ok
    ? tree.value
    : refuseInside(c.source, text.node, tree.error.column, tree.error.message);
}

/** Says where in the file it was that a part of a condition has no meaning. */
export function inside<T>(c: WatchContext, node: Node, compile: () => T): T {
  try {
    return compile();
  } catch (e) {
    if (e instanceof NotCompiled) return refuseInside(c.source, node, e.column, e.message);
    throw e;
  }
}
