import { type Node, Scalar, isMap, isScalar, isSeq } from "yaml";
import { parseDuration } from "../core/duration";
import { parseTemplate } from "../core/template/index";
import { type Decoder, type Kind, list, mapOf } from "./config-decode";
import { REDACTED } from "./config-secrets";
import { quoted } from "./matcher-text";

/** A text; numbers and truth values are taken as they are written, as yaml.v2 does. */
export const text: Kind<string> = { go: "string", read: (d, node) => readText(d, node) };

/** A text that must not be shown. */
export const secret: Kind<string> = {
  go: "config.Secret",
  read: (d, node) => readText(d, node, "config.plain"),
};

export const flag: Kind<boolean> = {
  go: "bool",
  read(d, node) {
    if (isScalar(node)) {
      if (typeof node.value === "boolean") return node.value;
      // YAML 1.1's words, which yaml.v2 still knows.
      if (typeof node.value === "string" && node.type === Scalar.PLAIN) {
        if (/^(y|Y|yes|Yes|YES|on|On|ON)$/.test(node.value)) return true;
        if (/^(n|N|no|No|NO|off|Off|OFF)$/.test(node.value)) return false;
      }
    }
    return d.wrongType(node, "bool");
  },
};

export const int: Kind<number> = integer("int", -(2n ** 63n), 2n ** 63n);
export const int64: Kind<number> = integer("int64", -(2n ** 63n), 2n ** 63n);
export const uint64: Kind<number> = integer("uint64", 0n, 2n ** 64n);

export const float: Kind<number> = {
  go: "float64",
  read(d, node) {
    return plainNumber(node) ?? d.wrongType(node, "float64");
  },
};

/** Prometheus' duration, in milliseconds. */
export const promDuration: Kind<number> = {
  go: "model.Duration",
  read(d, node) {
    const value = readText(d, node);
    if (value === undefined) return undefined;
    if (value === "") return d.fail(node, "empty duration string");
    const unit = /^(?:\d+(?:y|w|d|h|m|s|ms))*\d+(\D+)/.exec(value)?.[1];
    if (unit !== undefined && !/^(?:y|w|d|h|m|s|ms)$/.test(unit))
      return d.fail(node, `unknown unit ${quoted(unit)} in duration ${quoted(value)}`);
    const parsed = parseDuration(value);
    if (!parsed.ok) return d.fail(node, parsed.error);
    return parsed.value > MAX_GO_DURATION_MS ? d.fail(node, "duration out of range") : parsed.value;
  },
};

/** Go's duration, in milliseconds; a bare number counts nanoseconds. */
export const goDuration: Kind<number> = {
  go: "time.Duration",
  read(d, node) {
    const ns = plainNumber(node);
    if (ns !== undefined && Number.isFinite(ns)) return Math.trunc(ns) / 1e6;
    const ms =
      isScalar(node) && typeof node.value === "string" ? parseGoDuration(node.value) : undefined;
    return ms ?? d.wrongType(node, "time.Duration");
  },
};

/** Go's duration as a text alone, whose unit may not be left out (pushover). */
export const textDuration: Kind<number> = {
  go: "pushover.duration",
  read(d, node) {
    const value = readText(d, node);
    if (value === undefined) return undefined;
    const ms = parseGoDuration(value);
    if (ms !== undefined) return ms;
    const why = /^[-+]?[\d.]+$/.test(value) && /\d/.test(value) ? "missing unit in" : "invalid";
    return d.fail(node, `time: ${why} duration ${quoted(value)}`);
  },
};

/** An http or https address. */
export const url: Kind<string> = {
  go: "string",
  read: (d, node) => checkedUrl(d, node, readText(d, node)),
};

/** The same as a secret, for which `<secret>` may stand. */
export const secretUrl: Kind<string> = {
  go: "string",
  read(d, node) {
    const value = readText(d, node);
    return value === REDACTED ? value : checkedUrl(d, node, value);
  },
};

/** An address that may be a template, which is then not checked. */
export const templateUrl: Kind<string> = {
  go: "string",
  read(d, node) {
    const value = readText(d, node);
    if (value === undefined || value === "" || value === REDACTED) return value;
    if (!value.includes("{{")) return checkedUrl(d, node, value, "invalid URL: ");
    // Alertmanager looks at it without its own functions.
    const parsed = parseTemplate(value, "go");
    if (!parsed.ok) d.fail(node, `invalid template syntax: ${parsed.error.message}`);
    return value;
  },
};

/** A proxy's address: whatever Go's URL parser takes. */
export const anyUrl: Kind<string> = {
  go: "string",
  read(d, node) {
    const value = readText(d, node);
    const wrong = value === undefined ? undefined : urlSyntax(value);
    return wrong === undefined ? value : d.fail(node, wrong);
  },
};

/** `host:port`; "" is none. */
export const hostPort: Kind<string> = {
  go: "string",
  read(d, node) {
    const value = readText(d, node);
    if (value === undefined || value === "") return value;
    const wrong = hostPortProblem(value);
    return wrong === undefined ? value : d.fail(node, wrong);
  },
};

/** Whatever stands there, as it stands; no mapping in it may have the same name twice. */
export const anything: Kind<Node> = {
  go: "interface {}",
  read(d, node) {
    if (isMap(node)) mapOf(anything).read(d, node);
    else if (isSeq(node)) list(anything).read(d, node);
    return node;
  },
};

function readText(d: Decoder, node: Node, go = "string"): string | undefined {
  if (!isScalar(node)) return d.wrongType(node, go);
  const { value } = node;
  if (typeof value !== "string") return node.source ?? String(value);
  if (!value.isWellFormed()) return d.fail(node, "a text holds half of a surrogate pair");
  if (!d.filling) return value;
  const text = d.options.fill(value, node);
  if (text !== value) d.filled.add(node);
  return text;
}

/** A whole number; a fraction is cut off, as yaml.v2 does. Beyond 2^53 it is the nearest that there is. */
function integer(go: string, min: bigint, end: bigint): Kind<number> {
  return {
    go,
    read(d, node) {
      const value = plainNumber(node);
      if (value === undefined || !Number.isFinite(value)) return d.wrongType(node, go);
      const whole = Math.trunc(value);
      return BigInt(whole) >= min && BigInt(whole) <= end ? whole : d.wrongType(node, go);
    },
  };
}

const INTEGER = /^([-+]?)(?:(0x[\da-f]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9]\d*))$/i;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i;

/** An unquoted number as yaml.v2 reads it: `017` is octal, and underscores may stand between digits. */
function plainNumber(node: Node): number | undefined {
  if (!isScalar(node) || node.tag === "tag:yaml.org,2002:str") return undefined;
  const tagged = /:(?:int|float)$/.test(node.tag ?? "");
  if (node.type !== Scalar.PLAIN && !tagged) return undefined;
  const source = node.source ?? "";
  if (/^[-+]?\.inf$/i.test(source))
    return source.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^\.nan$/i.test(source)) return Number.NaN;
  if (!/^[-+.\d]/.test(source)) return undefined;
  const plain = source.replaceAll("_", "");
  const whole = INTEGER.exec(plain);
  if (whole !== null) {
    const [, sign, hex, binary, octal, decimal] = whole;
    const digits = decimal ?? hex ?? (binary === undefined ? `0o${octal}` : `0b${binary}`);
    return Number(digits) * (sign === "-" ? -1 : 1);
  }
  return FLOAT.test(plain) ? Number(plain) : undefined;
}

function checkedUrl(
  d: Decoder,
  node: Node,
  value: string | undefined,
  prefix = "",
): string | undefined {
  const wrong = value === undefined ? undefined : urlProblem(value);
  return wrong === undefined ? value : d.fail(node, prefix + wrong);
}

/** Why Alertmanager takes a text for no address of a service; undefined where it does. */
function urlProblem(value: string): string | undefined {
  const wrong = urlSyntax(value);
  if (wrong !== undefined) return wrong;
  const scheme = (SCHEME.exec(value)?.[1] ?? "").toLowerCase();
  if (scheme !== "http" && scheme !== "https")
    return `unsupported scheme ${quoted(scheme)} for URL`;
  const authority = AUTHORITY.exec(value)?.[1] ?? "";
  return authority.replace(/^.*@/, "") === "" ? "missing host for URL" : undefined;
}

const SCHEME = /^([a-zA-Z][a-zA-Z\d+.-]*):/;
const AUTHORITY = /^[a-zA-Z][a-zA-Z\d+.-]*:\/\/([^/?#]*)/;

/** What Go's url.Parse refuses. */
function urlSyntax(value: string): string | undefined {
  const refuse = (why: string): string => `parse ${quoted(value)}: ${why}`;
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value.split("#", 1)[0] ?? ""))
    return refuse("net/url: invalid control character in URL");
  if (value.startsWith(":")) return refuse("missing protocol scheme");
  const scheme = SCHEME.exec(value);
  if (scheme === null) {
    const first = value.split(/[/?#]/, 1)[0] ?? "";
    if (first.includes(":")) return refuse("first path segment in URL cannot contain colon");
  }
  const authority = AUTHORITY.exec(value)?.[1] ?? "";
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const bracket = host.startsWith("[") ? host.lastIndexOf("]") : undefined;
  if (bracket === -1) return refuse("missing ']' in host");
  const colon = host.lastIndexOf(":");
  const port =
    bracket === undefined ? host.slice(colon < 0 ? host.length : colon) : host.slice(bracket + 1);
  if (!/^(?::\d*)?$/.test(port)) return refuse(`invalid port ${quoted(port)} after host`);
  // Nothing of ASCII may be written as its number in a host.
  const ascii = /%(?!25)[0-7][\da-fA-F]/.exec(host);
  if (ascii !== null) return refuse(`invalid URL escape ${quoted(ascii[0])}`);
  const bad = /[ \\^`{}|]/.exec(host);
  if (bad !== null) return refuse(`invalid character ${quoted(bad[0])} in host name`);
  if (/[^-\w.:~!$&'()*+,;=%@]/.test(authority.slice(0, Math.max(at, 0))))
    return refuse("net/url: invalid userinfo");
  // The query alone is not unescaped.
  const escape = /%(?![\da-fA-F]{2}).{0,2}/s.exec(value.replace(/\?[^#]*/, ""));
  return escape === null ? undefined : refuse(`invalid URL escape ${quoted(escape[0] as string)}`);
}

/** What Go's net.SplitHostPort refuses, and an empty port. */
function hostPortProblem(value: string): string | undefined {
  const refuse = (why: string): string => `address ${value}: ${why}`;
  const last = value.lastIndexOf(":");
  if (last < 0) return refuse("missing port in address");
  const bracketed = value.startsWith("[");
  const end = bracketed ? value.indexOf("]") : 0;
  if (bracketed) {
    if (end < 0) return refuse("missing ']' in address");
    if (value[end + 1] !== ":") return refuse("missing port in address");
    if (end + 1 !== last) return refuse("too many colons in address");
  } else if (value.indexOf(":") !== last) return refuse("too many colons in address");
  if (value.includes("[", bracketed ? 1 : 0)) return refuse("unexpected '[' in address");
  if (value.includes("]", bracketed ? end + 1 : 0)) return refuse("unexpected ']' in address");
  if (last === value.length - 1) return `address ${quoted(value)}: port cannot be empty`;
  return undefined;
}

/** What 64 bits of nanoseconds hold, about 292 years. */
const MAX_GO_DURATION_MS = 2 ** 63 / 1e6;

const GO_UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

/** Milliseconds of Go's `1h30m`, `1.5s`; undefined where it is none. */
function parseGoDuration(value: string): number | undefined {
  const body = value.replace(/^[-+]/, "");
  if (body === "0") return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let ms = 0;
  for (const [, n, unit] of body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    ms += Number(n) * (GO_UNIT_MS[unit as string] as number);
  return value.startsWith("-") ? -ms : ms;
}
