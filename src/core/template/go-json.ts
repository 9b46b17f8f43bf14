import { formatFloat } from "./format";
import { GoDuration, GoTime } from "./go-time";
import { SafeText, typeOf } from "./values";

/** As Go's encoding/json: keys of maps sorted, fields by their JSON names, and no sign that means something in HTML. */
export function goJson(v: unknown): string {
  if (v === null || v === undefined) return "null";
  if (typeof v === "string") return quoted(v);
  if (typeof v === "number") return Number.isFinite(v) ? formatFloat(v) : "null";
  if (typeof v === "boolean") return String(v);
  if (v instanceof SafeText) return quoted(v.text);
  if (v instanceof GoTime) return quoted(v.toJSON());
  if (v instanceof GoDuration) return String(v.ns);
  if (Array.isArray(v)) return `[${v.map(goJson).join(",")}]`;
  if (typeof v !== "object") return "null";
  const type = typeOf(v);
  const entries = Object.entries(v).filter(([, x]) => typeof x !== "function");
  if (type?.kind !== "struct") entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = entries.map(([k, x]) => `${quoted(type?.json[k] ?? k)}:${goJson(x)}`);
  return `{${fields.join(",")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
