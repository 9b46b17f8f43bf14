import type { Node, Template } from "../core/template/ast";
import { parseTemplate } from "../core/template/index";
import type { ConfigBundle } from "./config-bundle";
import type { Delivery } from "./config-deliver";

/**
 * The template files that came with the configuration must parse, and what texts and files call must be defined
 * somewhere: by a file, or among `known`. Alertmanager finds out when it sends.
 */
export function checkTemplates(
  bundle: ConfigBundle,
  known: ReadonlySet<string>,
  to: Delivery,
): void {
  const defined = new Set(known);
  const files: [name: string, template: Template][] = [];
  for (const [name, text] of Object.entries(bundle.templateFiles)) {
    const parsed = parseTemplate(text, "alertmanager");
    // A file is a template too, under its name.
    defined.add(name.slice(name.lastIndexOf("/") + 1));
    if (!parsed.ok) {
      to.refuse(undefined, `template file ${name}: ${parsed.error.message}`, "value_wrong");
      continue;
    }
    files.push([name, parsed.value]);
    for (const define of parsed.value.defines.keys()) defined.add(define);
  }
  for (const { at, path, template } of to.texts) {
    const own = new Set(template.defines.keys());
    for (const call of calls(template))
      if (!defined.has(call) && !own.has(call))
        to.refuse(at, `${path} calls the template ${JSON.stringify(call)}, which no file defines`);
  }
  for (const [name, template] of files)
    for (const call of calls(template))
      if (!defined.has(call))
        to.refuse(
          undefined,
          `template file ${name} calls the template ${JSON.stringify(call)}, which no file defines`,
        );
}

/** The names of the templates that one calls, each once. */
function calls(template: Template): ReadonlySet<string> {
  const out = new Set<string>();
  const visit = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      if (node.kind === "template") out.add(node.name);
      else if (node.kind === "if" || node.kind === "with" || node.kind === "range") {
        visit(node.body);
        visit(node.otherwise);
      }
    }
  };
  visit(template.nodes);
  for (const nodes of template.defines.values()) visit(nodes);
  return out;
}
