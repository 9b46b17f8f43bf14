import { type Result, err, ok } from "../result";
import type { Node } from "./ast";
import type { TemplateError } from "./errors";
import { type Dialect, parseTemplate } from "./index";

/** Templates by the names that `{{ define }}` gave them, of several files. */
export interface TemplateSet {
  readonly defines: ReadonlyMap<string, readonly Node[]>;
}

/** Which file does not parse, and where. */
export interface TemplateFileError {
  readonly file: string;
  readonly error: TemplateError;
}

/**
 * Parses files in the order given; of two definitions of one name the later counts, as in Go's ParseGlob,
 * and those of `base` give way to all.
 */
export function parseTemplateFiles(
  files: Readonly<Record<string, string>>,
  dialect: Dialect,
  base?: TemplateSet,
): Result<TemplateSet, TemplateFileError> {
  const defines = new Map(base?.defines);
  for (const [file, text] of Object.entries(files)) {
    const parsed = parseTemplate(text, dialect);
    if (!parsed.ok) return err({ file, error: parsed.error });
    for (const [name, nodes] of parsed.value.defines)
      // An empty definition does not take the place of one that says something.
      if (!defines.has(name) || !isEmpty(nodes)) defines.set(name, nodes);
    // A file is a template of its own, under its name.
    defines.set(file.slice(file.lastIndexOf("/") + 1), parsed.value.nodes);
  }
  return ok({ defines });
}

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((n) => n.kind === "text" && n.text.trim() === "");
}
