import type { Node } from "yaml";
import type { FillText } from "./config-decode";
import type { YamlFile } from "./yaml-fields";

/** A variable as shells write it. `${1}` and `$name`, which regular expressions and templates use, are none. */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export interface FilledPlace {
  readonly node: Node;
  readonly name: string;
}

/** Puts secrets in the place of `${NAME}`. A name that stands for nothing is refused. `filled` gets each place. */
export function fillFrom(
  file: YamlFile,
  secrets: ((name: string) => string | undefined) | undefined,
  filled: FilledPlace[],
): FillText {
  return (text, node) => {
    if (!text.includes("${")) return text;
    return text.replace(VARIABLE, (_, name: string) => {
      const value = secrets?.(name);
      if (value === undefined)
        file.refuse(node, "secret_unknown", `\${${name}}: there is no secret of that name`);
      filled.push({ node, name });
      return value as string;
    });
  };
}
