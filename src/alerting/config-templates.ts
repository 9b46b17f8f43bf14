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
    defined.add(baseName(name));
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

/** Patterns of `templates` of which no file came are told: Alertmanager takes them for a directory that is empty. */
export function noteMissingTemplates(
  patterns: readonly (string | undefined)[],
  bundle: ConfigBundle,
  to: Delivery,
): void {
  const names = Object.keys(bundle.templateFiles).map(baseName);
  for (const [i, pattern = ""] of patterns.entries()) {
    if (!names.some((name) => fits(baseName(pattern), name)))
      to.note(
        "templates_missing",
        "no file of this pattern came with the configuration",
        to.d.at(patterns, String(i)),
        pattern,
      );
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a name fits a pattern of `*` and `?`; a set in brackets counts as any character. Linear but for stars. */
function fits(pattern: string, name: string): boolean {
  const p = pattern.replace(/\[\^?[^\]]*\]/g, "?");
  let star = -1;
  let from = 0;
  let at = 0;
  for (let i = 0; i < name.length;) {
    if (p[at] === "*") {
      star = at++;
      from = i;
    } else if (p[at] === "?" || p[at] === name[i]) {
      at++;
      i++;
    } else if (star < 0) return false;
    else {
      // The last star takes one character more.
      at = star + 1;
      i = ++from;
    }
  }
  while (p[at] === "*") at++;
  return at === p.length;
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
