import { type TemplateFunction, formatValue } from "../core/template/index";

/** What a template called `safeHtml` or `safeUrl` on: it is written as it is. */
class Safe {
  constructor(readonly text: string) {}
}

export const HTML_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  safeHtml: (v) => new Safe(textOf(v)),
  safeUrl: (v) => new Safe(textOf(v)),
};

/** Schemes that may stand in an attribute that is followed; Go's html/template knows the same. */
const FOLLOWED = /^(https?:|mailto:|[^:]*([/?#]|$))/i;
const IN_ADDRESS = /\b(href|src|action|background)\s*=\s*["']?\s*$/i;

/** As Go's html/template: what an action inserts is escaped, and no label's value becomes a script's address. */
export function writeHtml(value: unknown, before: string): string {
  if (value instanceof Safe) return value.text;
  const text = textOf(value);
  return escapeHtml(IN_ADDRESS.test(before) && !FOLLOWED.test(text) ? "#ZgotmplZ" : text);
}

/** Escaped for HTML text and for attributes in quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;");
}

function textOf(value: unknown): string {
  if (value instanceof Safe) return value.text;
  return typeof value === "string" ? value : formatValue(value);
}
