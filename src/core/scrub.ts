/**
 * Takes secrets out of what applications send: values under names that carry
 * credentials, and credentials inside text. Every signal passes through here before it is stored.
 */
export const REDACTED = "[redacted]";

export interface ScrubRules {
  /** Names whose value is never kept: compared without case, `-` and `_`, and by the last part of a dotted name. */
  readonly names: ReadonlySet<string>;
}

const DEFAULT_NAMES = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "password",
  "passwd",
  "pwd",
  "secret",
  "client_secret",
  "api_key",
  "x-api-key",
  "access_token",
  "refresh_token",
  "id_token",
  "auth_token",
  "private_key",
  "session_token",
  "credit_card",
  "card_number",
  "cvv",
  "ssn",
];

/** The default names and a project's own. */
export function scrubRules(extraNames: readonly string[] = []): ScrubRules {
  return { names: new Set([...DEFAULT_NAMES, ...extraNames].map(bare)) };
}

/** Whether the value under `name` must not be kept, e.g. `http.request.header.Set-Cookie`. */
export function isSecretName(rules: ScrubRules, name: string): boolean {
  if (rules.names.has(bare(name))) return true;
  const dot = Math.max(name.lastIndexOf("."), name.lastIndexOf("["));
  return dot >= 0 && rules.names.has(bare(name.slice(dot + 1)));
}

/**
 * Text with credentials replaced: `Bearer …` and `Basic …` of an authorization header, cookie headers,
 * passwords in addresses, `name=value` and `"name":"value"` of the default secret names, and JSON Web Tokens.
 */
export function scrubText(text: string): string {
  // Most lines hold none of these; the test costs one pass.
  if (!SUSPICIOUS.test(text)) return text;
  return text
    .replace(AUTH_SCHEME, `$1 ${REDACTED}`)
    .replace(COOKIE_HEADER, `$1 ${REDACTED}`)
    .replace(URL_PASSWORD, `$1${REDACTED}@`)
    .replace(ASSIGNED, `$1${REDACTED}`)
    .replace(JWT, REDACTED);
}

/** A JSON-like value with secrets replaced at any depth; beyond 32 levels nothing is kept. */
export function scrubValue(rules: ScrubRules, value: unknown, depth = 0): unknown {
  if (typeof value === "string") return scrubText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return REDACTED;
  if (Array.isArray(value)) return value.map((v) => scrubValue(rules, v, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [
      k,
      isSecretName(rules, k) ? REDACTED : scrubValue(rules, v, depth + 1),
    ]),
  );
}

const MAX_DEPTH = 32;
// Whoever writes a line chooses what these run on: none may scan the same characters from many starts.
const SUSPICIOUS = /bearer|basic\s|cookie|:\/\/[^/\s]*@|passw|pwd|secret|api[-_]?key|token|eyJ/i;
const AUTH_SCHEME = /\b(bearer|basic)\s+(?!\[redacted\])[A-Za-z0-9._~+/=-]{8,}/gi;
const COOKIE_HEADER = /\b((?:set-)?cookie\s*[:=])(?!\s*\[redacted\])[^\r\n"]+/gi;
const URL_PASSWORD = /(:\/\/[^\s/:@]*:)[^\s/@]+@/g;
const ASSIGNED =
  /((?:password|passwd|pwd|client_?secret|secret|api[-_]?key|access_?token|refresh_?token|auth_?token)["']?\s*[:=]\s*["']?)(?!\[redacted\])[^\s"',;&}]+/gi;
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;

function bare(name: string): string {
  return name.toLowerCase().replace(/[-_\]"']/g, "");
}
