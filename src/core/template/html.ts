import { formatValue } from "./format";
import { goJson } from "./go-json";
import { SafeText } from "./values";

/** Where the next character of the document stands. */
type Place =
  | { readonly kind: "text" }
  /** A title or a textarea: text without tags. */
  | { readonly kind: "plain"; readonly element: string }
  | { readonly kind: "script"; readonly element: "script" | "style"; quote: string }
  | { readonly kind: "comment" }
  /** Inside `<name …>`, between attributes. */
  | { readonly kind: "tag"; readonly element: string }
  | { readonly kind: "name"; readonly element: string; name: string }
  | { readonly kind: "after_name"; readonly element: string; readonly name: string }
  | { readonly kind: "before_value"; readonly element: string; readonly name: string }
  | {
      readonly kind: "value";
      readonly element: string;
      readonly name: string;
      /** `"`, `'`, or "" for a value without quotes. */
      readonly delimiter: string;
      /** What of an address was written: nothing yet, its path, or something behind `?` or `#`. */
      address: "start" | "path" | "query";
      quote: string;
    };

/**
 * What html/template does: text of the template goes out as it is, and what an action inserts is escaped
 * for the place it falls into, so that no label's value becomes markup, an attribute or a script.
 * Comments are left out.
 */
export class HtmlOutput {
  private place: Place = { kind: "text" };

  /** A piece of the template's own text. */
  text(text: string): string {
    let out = "";
    let at = 0;
    while (at < text.length) {
      const [written, next] = this.step(text, at);
      out += written;
      at = next;
    }
    return out;
  }

  /** What an action made. */
  value(value: unknown): string {
    const p = this.beginValue();
    switch (p.kind) {
      case "text":
      case "plain":
        return isSafe(value, "html") && p.kind === "text"
          ? textOf(value)
          : isSafe(value, "html")
            ? escapeSafe(textOf(value))
            : escapeHtml(textOf(value));
      case "comment":
        return "";
      case "script":
        return p.element === "style" ? cssValue(textOf(value)) : inScript(value, p.quote);
      case "value":
        return this.attributeValue(value, p);
      default:
        // In the place of a name: nothing but a word may make one.
        return /^[A-Za-z][A-Za-z0-9]*$/.test(textOf(value)) &&
          contentOf(textOf(value).toLowerCase()) === "plain"
          ? textOf(value)
          : "ZgotmplZ";
    }
  }

  /** A value begins an attribute's value where that has no quotes. */
  private beginValue(): Place {
    if (this.place.kind === "before_value")
      this.place = {
        kind: "value",
        element: this.place.element,
        name: this.place.name,
        delimiter: "",
        address: "start",
        quote: "",
      };
    return this.place;
  }

  private attributeValue(value: unknown, p: Extract<Place, { kind: "value" }>): string {
    const escape = p.delimiter === "" ? escapeUnquoted : escapeHtml;
    const text = textOf(value);
    switch (contentOf(p.name)) {
      case "script":
        return escape(inScript(value, p.quote));
      case "style":
        return escape(cssValue(text));
      case "address": {
        const before = p.address;
        if (before === "start" && text !== "") p.address = "path";
        if (/[?#]/.test(text) && before !== "query") p.address = "query";
        if (before === "query") return escape(percentEncode(text, false));
        const safe = before === "path" || isSafe(value, "url") || isFollowed(text);
        return escape(percentEncode(safe ? text : "#ZgotmplZ", true));
      }
      case "plain":
        return isSafe(value, "html") ? escapeSafe(text.replace(/<[^>]*>?/g, "")) : escape(text);
    }
  }

  /** One character, or one piece that belongs together. Gives what is written and where to go on. */
  private step(text: string, at: number): readonly [string, number] {
    const c = text[at] ?? "";
    const p = this.place;
    switch (p.kind) {
      case "text":
        return c === "<" ? this.open(text, at) : untilTag(text, at);
      case "plain":
      case "script":
        return this.raw(text, at, p);
      case "comment": {
        const end = text.indexOf("-->", at);
        if (end >= 0) this.place = { kind: "text" };
        return ["", end < 0 ? text.length : end + 3];
      }
      case "tag":
        return this.inTag(text, at, p.element);
      case "name":
        if (/[\s=>/]/.test(c)) {
          this.place = { kind: "after_name", element: p.element, name: p.name.toLowerCase() };
          return ["", at];
        }
        p.name += c;
        return [c, at + 1];
      case "after_name":
        if (c === "=") this.place = { kind: "before_value", element: p.element, name: p.name };
        else if (!/\s/.test(c)) {
          this.place = { kind: "tag", element: p.element };
          return ["", at];
        }
        return [c, at + 1];
      case "before_value":
        if (/\s/.test(c)) return [c, at + 1];
        if (c === ">") {
          this.place = { kind: "tag", element: p.element };
          return ["", at];
        }
        this.place = {
          kind: "value",
          element: p.element,
          name: p.name,
          delimiter: c === '"' || c === "'" ? c : "",
          address: "start",
          quote: "",
        };
        return c === '"' || c === "'" ? [c, at + 1] : ["", at];
      case "value":
        return this.inValue(c, at, p);
    }
  }

  /** Behind a `<`: a tag, a comment, or only a sign that html/template writes as `&lt;`. */
  private open(text: string, at: number): readonly [string, number] {
    if (text.startsWith("<!--", at)) {
      this.place = { kind: "comment" };
      return ["", at + 4];
    }
    const tag = /^<(\/?)([A-Za-z][A-Za-z0-9:-]*)/.exec(text.slice(at, at + 80));
    if (tag === null) return [/^<!doctype/i.test(text.slice(at, at + 9)) ? "<" : "&lt;", at + 1];
    const element = tag[1] === "/" ? "" : (tag[2] ?? "").toLowerCase();
    this.place = { kind: "tag", element };
    return [tag[0], at + tag[0].length];
  }

  private inTag(text: string, at: number, element: string): readonly [string, number] {
    const c = text[at] ?? "";
    if (c === ">") {
      this.place =
        element === "script" || element === "style"
          ? { kind: "script", element, quote: "" }
          : element === "title" || element === "textarea"
            ? { kind: "plain", element }
            : { kind: "text" };
      return [c, at + 1];
    }
    if (/[\s/]/.test(c)) return [c, at + 1];
    this.place = { kind: "name", element, name: "" };
    return this.step(text, at);
  }

  private inValue(
    c: string,
    at: number,
    p: Extract<Place, { kind: "value" }>,
  ): readonly [string, number] {
    if (p.delimiter === "" ? /[\s>]/.test(c) : c === p.delimiter) {
      this.place = { kind: "tag", element: p.element };
      return p.delimiter === "" ? ["", at] : [c, at + 1];
    }
    if (c === "?" || c === "#") p.address = "query";
    else if (p.address === "start" && !/\s/.test(c)) p.address = "path";
    p.quote = quoteAfter(p.quote, c);
    return [c, at + 1];
  }

  private raw(
    text: string,
    at: number,
    p: Extract<Place, { kind: "plain" | "script" }>,
  ): readonly [string, number] {
    const c = text[at] ?? "";
    if (c === "<" && text.slice(at, at + p.element.length + 2).toLowerCase() === `</${p.element}`) {
      this.place = { kind: "tag", element: "" };
      return [text.slice(at, at + p.element.length + 2), at + p.element.length + 2];
    }
    if (p.kind === "script") p.quote = quoteAfter(p.quote, c);
    return [c === "<" && p.kind === "plain" ? "&lt;" : c, at + 1];
  }
}

/** Text up to the next `<`. */
function untilTag(text: string, at: number): readonly [string, number] {
  const next = text.indexOf("<", at);
  const end = next < 0 ? text.length : next;
  return [text.slice(at, end), end];
}

/** Whether the next character stands inside a string of a script, and which quote ends it. */
function quoteAfter(quote: string, c: string): string {
  if (quote === "") return c === '"' || c === "'" || c === "`" ? c : "";
  return c === quote ? "" : quote;
}

const ADDRESSES = new Set([
  "action",
  "archive",
  "background",
  "cite",
  "classid",
  "codebase",
  "data",
  "formaction",
  "href",
  "icon",
  "longdesc",
  "manifest",
  "poster",
  "profile",
  "src",
  "usemap",
  "xmlns",
]);

/** What an attribute holds, as far as it matters to what may stand in it. */
function contentOf(name: string): "plain" | "address" | "style" | "script" {
  const own = name
    .replace(/^data-/, "")
    .replace(/^xmlns:.*/, "xmlns")
    .replace(/^[^:]*:/, "");
  if (own === "style") return "style";
  if (own.startsWith("on") || own === "srcdoc") return "script";
  return ADDRESSES.has(own) || /src|uri|url/.test(own) ? "address" : "plain";
}

function isFollowed(address: string): boolean {
  const scheme = /^([^:/?#]*):/.exec(address)?.[1]?.toLowerCase();
  return scheme === undefined || ["http", "https", "mailto", "tel"].includes(scheme);
}

const NAMED: Readonly<Record<string, string>> = {
  "\u0000": "\ufffd",
  '"': "&#34;",
  "&": "&amp;",
  "'": "&#39;",
  "+": "&#43;",
  "<": "&lt;",
  ">": "&gt;",
};

/** Escaped for text and for attributes in quotes, with html/template's own signs. */
export function escapeHtml(text: string): string {
  // eslint-disable-next-line no-control-regex -- NUL is what is meant
  return text.replace(/[\u0000"&'+<>]/g, (c) => NAMED[c] ?? c);
}

/** HTML that goes where none may be: entities in it stay. */
function escapeSafe(text: string): string {
  // eslint-disable-next-line no-control-regex -- NUL is what is meant
  return text.replace(/[\u0000"'+<>]/g, (c) => NAMED[c] ?? c);
}

function escapeUnquoted(text: string): string {
  return text === ""
    ? "ZgotmplZ"
    : // eslint-disable-next-line no-control-regex -- white space and NUL are what is meant
      text.replace(/[\u0000\t\n\v\f\r "&'+<=>`]/g, (c) =>
        NAMED[c] === undefined ? `&#${c.charCodeAt(0)};` : NAMED[c],
      );
}

/** RFC 3986: with `keep`, what separates the parts of an address stays, and what is encoded already. */
function percentEncode(text: string, keep: boolean): string {
  const pieces = keep
    ? /%[0-9a-fA-F]{2}|[^A-Za-z0-9\-._~!#$&*+,/:;=?@[\]]/gu
    : /[^A-Za-z0-9\-._~]/gu;
  return text.toWellFormed().replace(pieces, (c) => {
    if (keep && c.length === 3 && c.startsWith("%")) return c;
    return Array.from(
      new TextEncoder().encode(c),
      (byte) => `%${byte.toString(16).padStart(2, "0")}`,
    ).join("");
  });
}

/** A value that may stand in CSS: no sign that ends a property, opens a function or hides one. */
function cssValue(text: string): string {
  const word = text.toLowerCase().replace(/[^a-z]/g, "");
  // eslint-disable-next-line no-control-regex -- NUL is what is meant
  return /[\u0000"'()/;@[\\\]`{}<>]|--/.test(text) || /expression|mozbinding/.test(word)
    ? "ZgotmplZ"
    : text;
}

/** A JavaScript value, or inside a string its characters; nothing of it ends the string or the element. */
function inScript(value: unknown, quote: string): string {
  const json = goJson(value instanceof SafeText ? value.text : value);
  if (quote === "") return json;
  return textOf(value).replace(
    /[^A-Za-z0-9 .,_:-]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isSafe(value: unknown, kind: SafeText["kind"]): boolean {
  return value instanceof SafeText && value.kind === kind;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : formatValue(value);
}
