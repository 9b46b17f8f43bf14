import { type Node, isScalar } from "yaml";

interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where in the file a place inside a scalar's text is; lines and columns count from 1.
 * Exact for one-line and literal scalars; of folded and escaped ones, where the scalar begins.
 */
export function innerPosition(text: string, node: Node, inner: Position): Position {
  const start = node.range?.[0] ?? 0;
  const before = text.slice(0, start).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  if (!isScalar(node)) return { line, column };
  const source = text.slice(start, node.range?.[1] ?? start);
  switch (node.type) {
    case "PLAIN":
      return source.includes("\n") ? { line, column } : { line, column: column + inner.column - 1 };
    case "QUOTE_SINGLE":
    case "QUOTE_DOUBLE":
      return /[\n\\]|''/.test(source.slice(1, -1))
        ? { line, column }
        : { line, column: column + inner.column };
    case "BLOCK_LITERAL": {
      const [, ...lines] = source.split("\n");
      const first = lines.find((l) => l.trim() !== "") ?? "";
      const indent = first.length - first.trimStart().length;
      return { line: line + inner.line, column: indent + inner.column };
    }
    default:
      return { line, column };
  }
}
