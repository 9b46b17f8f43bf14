import { type TemplateSet, parseTemplateFiles } from "../core/template/set";

/**
 * The templates of a receiver's texts: a bundle's own over Vedette's. They were checked when they
 * were put; a file that does not parse any more is left out, so that the message still leaves.
 */
export function alertmanagerTemplates(files: Readonly<Record<string, string>>): TemplateSet {
  let set: TemplateSet = { defines: new Map() };
  for (const [file, text] of Object.entries(files)) {
    const parsed = parseTemplateFiles({ [file]: text }, "alertmanager", set);
    if (parsed.ok) set = parsed.value;
  }
  return set;
}
