import { type TemplateSet, parseTemplateFiles } from "../core/template/set";
import { VEDETTE_TMPL } from "./vedette-tmpl";

/** What a receiver's texts may call where no file of the project's own defines it: Alertmanager's names, Vedette's words. */
export const VEDETTE_TEMPLATES: TemplateSet = parsedDefaults();

/**
 * The templates of a receiver's texts: a bundle's own over Vedette's. They were checked when they
 * were put; a file that does not parse any more is left out, so that the message still leaves.
 */
export function alertmanagerTemplates(files: Readonly<Record<string, string>>): TemplateSet {
  let set = VEDETTE_TEMPLATES;
  for (const [file, text] of Object.entries(files)) {
    const parsed = parseTemplateFiles({ [file]: text }, "alertmanager", set);
    if (parsed.ok) set = parsed.value;
  }
  return set;
}

function parsedDefaults(): TemplateSet {
  const parsed = parseTemplateFiles({ "vedette.tmpl": VEDETTE_TMPL }, "alertmanager");
  if (!parsed.ok) throw new Error(`vedette.tmpl: ${parsed.error.error.message}`);
  return parsed.value;
}
