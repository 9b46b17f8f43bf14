import type { TemplateTree } from "../alerting/config";

/** What all texts of one tree may come to together, characters. */
const MAX_CHARS = 2_000_000;

/**
 * A tree with its templates expanded. What a template renders stays text, unless it is a whole JSON object or list
 * (`{{ toJson .Alerts }}`), which takes the template's place; its own texts are not looked at again.
 * @throws RangeError where all of it comes to more than a message may hold
 */
export function renderTree(
  tree: TemplateTree,
  expand: (text: string) => string,
  leaf: (text: string) => string = (text) => text,
): unknown {
  let chars = 0;
  const text = (template: string): string => {
    const out = template.includes("{{") ? expand(template) : template;
    chars += out.length;
    if (chars > MAX_CHARS)
      throw new RangeError(`the message comes to more than ${MAX_CHARS} characters`);
    return out;
  };
  const render = (value: TemplateTree): unknown => {
    if (typeof value === "string") {
      const out = text(value);
      return (value === out ? undefined : structureOf(out)) ?? leaf(out);
    }
    if (value === null || typeof value !== "object") return value;
    if (isList(value)) return value.map((item) => render(item));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [text(k), render(v)]));
  };
  return render(tree);
}

function structureOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // `[FIRING:1] …` and the like.
    return undefined;
  }
}

function isList(value: object): value is readonly TemplateTree[] {
  return Array.isArray(value);
}
