import { GoDuration, GoTime } from "./go-time";
import { SafeText, typeOf } from "./values";

/** A value as Go's fmt prints it with %v. Undefined fields of a map print `<no value>`, as text/template does. */
export function formatValue(v: unknown): string {
  if (v === undefined) return "<no value>";
  if (v === null) return "<nil>";
  if (typeof v === "string") return v;
  if (typeof v === "number") return formatFloat(v);
  if (typeof v === "boolean") return String(v);
  if (v instanceof SafeText) return v.text;
  if (v instanceof GoTime || v instanceof GoDuration) return v.toString();
  if (typeof v === "object") {
    const type = typeOf(v);
    if (type?.show !== undefined) return type.show();
    if (Array.isArray(v)) return `[${v.map(formatValue).join(" ")}]`;
    if (type?.kind === "struct") return `{${Object.values(v).map(formatValue).join(" ")}}`;
    const entries = Object.entries(v).filter(([, x]) => typeof x !== "function");
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([k, x]) => `${k}:${formatValue(x)}`).join(" ")}]`;
  }
  return "";
}

/** Go's %v of a float64: the shortest form, with an exponent below 1e-4 and from 1e21 on. */
export function formatFloat(n: number): string {
  if (Number.isNaN(n)) return "NaN";
  if (n === Number.POSITIVE_INFINITY) return "+Inf";
  if (n === Number.NEGATIVE_INFINITY) return "-Inf";
  const abs = Math.abs(n);
  if (abs !== 0 && (abs < 1e-4 || abs >= 1e21))
    return n.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Object.is(n, -0) ? "-0" : String(n);
}

/** Go's %g with a precision: significant digits, trailing zeros dropped. */
export function formatG(n: number, precision: number): string {
  if (!Number.isFinite(n)) return formatFloat(n);
  if (n === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(n)));
  if (exponent < -4 || exponent >= precision) {
    const [mantissa = "", exp = ""] = n.toExponential(precision - 1).split("e");
    const digits = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${digits}e${exp.replace(/^([+-])(\d)$/, "$10$2")}`;
  }
  const text = n.toPrecision(precision);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** Go's Sprintf for the verbs that templates use. A missing or wrong argument prints as Go's own marks. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    VERB,
    (
      _all,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      verb: string,
    ) => {
      if (verb === "%") return "%";
      if (next >= args.length) return `%!${verb}(MISSING)`;
      const body = formatVerb(
        verb,
        args[next++],
        precision === undefined ? undefined : Number(precision),
        flags,
      );
      const size = Math.min(Number(width ?? 0), 1000);
      if (flags.includes("-")) return body.padEnd(size);
      return flags.includes("0") && /^-?[\d.]/.test(body)
        ? body.padStart(size, "0")
        : body.padStart(size);
    },
  );
  return next < args.length
    ? `${text}%!(EXTRA ${args
        .slice(next)
        .map((a) => `${goType(a)}=${formatValue(a)}`)
        .join(", ")})`
    : text;
}

function formatVerb(
  verb: string,
  arg: unknown,
  precision: number | undefined,
  flags: string,
): string {
  const plus = flags.includes("+") && typeof arg === "number" && arg >= 0 ? "+" : "";
  switch (verb) {
    case "s":
    case "v":
      if (verb === "s" && (typeof arg === "number" || typeof arg === "boolean"))
        return `%!s(${goType(arg)}=${formatValue(arg)})`;
      return precision === undefined
        ? plus + formatValue(arg)
        : [...formatValue(arg)].slice(0, precision).join("");
    case "q":
      return goQuote(formatValue(arg));
    case "t":
      return typeof arg === "boolean" ? String(arg) : `%!t(${goType(arg)}=${formatValue(arg)})`;
    case "d":
      return typeof arg === "number" && Number.isInteger(arg)
        ? plus + String(arg)
        : `%!d(${goType(arg)}=${formatValue(arg)})`;
    case "f":
    case "F":
      return typeof arg === "number"
        ? plus +
            (Number.isFinite(arg) ? arg.toFixed(Math.min(precision ?? 6, 100)) : formatFloat(arg))
        : `%!f(${goType(arg)}=${formatValue(arg)})`;
    case "E":
    case "G":
      return formatVerb(verb.toLowerCase(), arg, precision, flags).toUpperCase();
    case "e":
      return typeof arg === "number"
        ? plus + arg.toExponential(Math.min(precision ?? 6, 100)).replace(/e([+-])(\d)$/, "e$10$2")
        : `%!e(${goType(arg)}=${formatValue(arg)})`;
    case "g":
      return typeof arg === "number"
        ? plus +
            (precision === undefined
              ? formatFloat(arg)
              : formatG(arg, Math.max(1, Math.min(precision, 100))))
        : `%!g(${goType(arg)}=${formatValue(arg)})`;
    case "x":
      return typeof arg === "number" ? arg.toString(16) : hexOf(formatValue(arg));
    case "X":
      return (typeof arg === "number" ? arg.toString(16) : hexOf(formatValue(arg))).toUpperCase();
    case "o":
    case "b":
      return typeof arg === "number" && Number.isInteger(arg)
        ? arg.toString(verb === "o" ? 8 : 2)
        : `%!${verb}(${goType(arg)}=${formatValue(arg)})`;
    case "c":
      return typeof arg === "number" && Number.isInteger(arg)
        ? String.fromCodePoint(arg)
        : `%!c(${goType(arg)}=${formatValue(arg)})`;
    case "T":
      return goType(arg);
    default:
      return `%!${verb}(${goType(arg)}=${formatValue(arg)})`;
  }
}

/** Go's name of a value's type. Whole numbers count as int: JavaScript knows one kind of number. */
function goType(v: unknown): string {
  switch (typeof v) {
    case "number":
      return Number.isInteger(v) ? "int" : "float64";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    default:
      return v === null || v === undefined
        ? "<nil>"
        : Array.isArray(v)
          ? "[]interface {}"
          : "map[string]interface {}";
  }
}

function hexOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (b) => b.toString(16).padStart(2, "0")).join(
    "",
  );
}

const QUOTED: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Go's strconv.Quote: control characters as escapes, everything that prints as it is. */
function goQuote(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is escaped
  const body = text.replace(/[\u0000-\u001f"\\\u007f]/g, (c) => {
    return QUOTED[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${body}"`;
}
