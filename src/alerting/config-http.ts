import { type Decoder, type Struct, list, mapOf, struct } from "./config-decode";
import { anyUrl, anything, flag, secret, text } from "./config-scalars";
import { quoted } from "./matcher-text";

/** Alertmanager's `http_config` and `tls_config`, with the rules of prometheus/common that they must keep. */
export const tlsConfig = struct(
  "config.plain",
  {
    ca: text,
    cert: text,
    key: secret,
    ca_file: text,
    cert_file: text,
    key_file: text,
    ca_ref: text,
    cert_ref: text,
    key_ref: text,
    server_name: text,
    insecure_skip_verify: flag,
    min_version: tlsVersion(),
    max_version: tlsVersion(),
  },
  (t, d) => {
    const cert = count(t.cert, t.cert_file, t.cert_ref);
    const key = count(t.key, t.key_file, t.key_ref);
    const at = d.at(t);
    if (count(t.ca, t.ca_file, t.ca_ref) > 1)
      d.fail(at, "at most one of ca, ca_file & ca_ref must be configured");
    if (cert > 1) d.fail(at, "at most one of cert, cert_file & cert_ref must be configured");
    if (key > 1) d.fail(at, "at most one of key and key_file must be configured");
    if (cert > 0 && key === 0)
      d.fail(
        at,
        "exactly one of key or key_file must be configured when a client certificate is configured",
      );
    if (key > 0 && cert === 0)
      d.fail(
        at,
        "exactly one of cert or cert_file must be configured when a client key is configured",
      );
  },
);

const proxyFields = {
  proxy_url: anyUrl,
  no_proxy: text,
  proxy_from_environment: flag,
  proxy_connect_header: mapOf(list(secret)),
};

const header = struct("config.Header", {
  values: list(text),
  secrets: list(secret),
  files: list(text),
});

/** Headers of any name: only what `http_config` sends keeps some to itself. */
export const anyHeaders = mapOf(header);

const httpHeaders = mapOf(header, (headers, d) => {
  for (const name of headers.keys()) {
    const canonical = canonicalHeader(name);
    if (RESERVED_HEADERS.has(canonical))
      d.fail(
        d.places.get(headers)?.fields.get(name),
        `setting header ${quoted(canonical)} is not allowed`,
      );
  }
});

const httpFields = {
  basic_auth: struct("config.plain", {
    username: text,
    username_file: text,
    username_ref: text,
    password: secret,
    password_file: text,
    password_ref: text,
  }),
  authorization: struct("config.Authorization", {
    type: text,
    credentials: secret,
    credentials_file: text,
    credentials_ref: text,
  }),
  oauth2: struct(
    "config.plain",
    {
      client_id: text,
      client_secret: secret,
      client_secret_file: text,
      client_secret_ref: text,
      client_certificate_key_id: text,
      client_certificate_key: secret,
      client_certificate_key_file: text,
      client_certificate_key_ref: text,
      grant_type: text,
      signature_algorithm: text,
      iss: text,
      audience: text,
      claims: mapOf(anything),
      scopes: list(text),
      token_url: text,
      endpoint_params: mapOf(text),
      tls_config: tlsConfig,
      ...proxyFields,
    },
    checkProxy,
  ),
  bearer_token: secret,
  bearer_token_file: text,
  tls_config: tlsConfig,
  follow_redirects: flag,
  enable_http2: flag,
  http_headers: httpHeaders,
  ...proxyFields,
};

export type HttpConfig = Struct<typeof httpFields>;

export const httpConfig = struct("config.plain", httpFields, checkHttpConfig);

function checkHttpConfig(h: HttpConfig, d: Decoder): void {
  const bearer = count(h.bearer_token) + count(h.bearer_token_file);
  const fail = (field: string, message: string): never => d.fail(d.at(h, field), message);
  if (bearer > 1)
    fail("bearer_token_file", "at most one of bearer_token & bearer_token_file must be configured");
  if ((h.basic_auth !== undefined || h.oauth2 !== undefined) && bearer > 0)
    fail(
      "bearer_token",
      "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
    );
  const basic = h.basic_auth;
  if (basic !== undefined) {
    if (count(basic.username, basic.username_file, basic.username_ref) > 1)
      fail(
        "basic_auth",
        "at most one of basic_auth username, username_file & username_ref must be configured",
      );
    if (count(basic.password, basic.password_file, basic.password_ref) > 1)
      fail(
        "basic_auth",
        "at most one of basic_auth password, password_file & password_ref must be configured",
      );
  }
  const auth = h.authorization;
  if (auth !== undefined) {
    if (bearer > 0)
      fail(
        "authorization",
        "authorization is not compatible with bearer_token & bearer_token_file",
      );
    if (count(auth.credentials, auth.credentials_file, auth.credentials_ref) > 1)
      fail(
        "authorization",
        "at most one of authorization credentials & credentials_file must be configured",
      );
    if ((auth.type ?? "").trim().toLowerCase() === "basic")
      fail(
        "authorization",
        'authorization type cannot be set to "basic", use "basic_auth" instead',
      );
    if (basic !== undefined || h.oauth2 !== undefined)
      fail("authorization", "at most one of basic_auth, oauth2 & authorization must be configured");
  }
  const oauth = h.oauth2;
  if (oauth !== undefined) {
    if (basic !== undefined)
      fail("oauth2", "at most one of basic_auth, oauth2 & authorization must be configured");
    if (count(oauth.client_id) === 0) fail("oauth2", "oauth2 client_id must be configured");
    if (count(oauth.token_url) === 0) fail("oauth2", "oauth2 token_url must be configured");
    checkGrant(oauth, (message) => fail("oauth2", message));
  }
  checkProxy(h, d);
}

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A certificate's key counts with a grant by JWT alone, a secret with any other. */
function checkGrant(oauth: NonNullable<HttpConfig["oauth2"]>, fail: (message: string) => void) {
  if (oauth.grant_type !== JWT_BEARER) {
    if (count(oauth.client_secret, oauth.client_secret_file, oauth.client_secret_ref) > 1)
      fail(
        "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials",
      );
    return;
  }
  const {
    client_certificate_key: key,
    client_certificate_key_file: file,
    client_certificate_key_ref: ref,
  } = oauth;
  if (count(key, file, ref) > 1)
    fail(
      `at most one of oauth2 client_certificate_key, client_certificate_key_file & client_certificate_key_ref must be configured using grant-type=${JWT_BEARER}`,
    );
  if (!["", "RS256", "RS384", "RS512"].includes(oauth.signature_algorithm ?? ""))
    fail("valid signature algorithms are RS256, RS384 and RS512");
}

function checkProxy(p: Struct<typeof proxyFields>, d: Decoder): void {
  const at = d.at(p);
  const proxied = (p.proxy_url ?? "") !== "";
  const environment = p.proxy_from_environment === true;
  if ((p.proxy_connect_header?.size ?? 0) > 0 && !environment && !proxied)
    d.fail(
      at,
      "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
    );
  if (environment && proxied)
    d.fail(at, "if proxy_from_environment is configured, proxy_url must not be configured");
  if (environment && (p.no_proxy ?? "") !== "")
    d.fail(at, "if proxy_from_environment is configured, no_proxy must not be configured");
  if (p.proxy_url === undefined && (p.no_proxy ?? "") !== "")
    d.fail(at, "if no_proxy is configured, proxy_url must also be configured");
}

/** Whether requests bear an authorization header of this kind; the old bearer fields become one as they are read. */
export function hasAuthorization(http: HttpConfig | undefined): boolean {
  if (http === undefined) return false;
  return http.authorization !== undefined || count(http.bearer_token, http.bearer_token_file) > 0;
}

/** How many of some fields are set: "" is not. */
export function count(...values: readonly (string | undefined)[]): number {
  return values.filter((v) => v !== undefined && v !== "").length;
}

/** A header's name as Go's textproto spells it. */
export function canonicalHeader(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~\da-zA-Z]+$/.test(name)) return name;
  return name
    .toLowerCase()
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("-");
}

const RESERVED_HEADERS = new Set([
  "Authorization",
  "Host",
  "Content-Encoding",
  "Content-Length",
  "Content-Type",
  "User-Agent",
  "Connection",
  "Keep-Alive",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "Www-Authenticate",
  "Accept-Encoding",
  "X-Prometheus-Remote-Write-Version",
  "X-Prometheus-Remote-Read-Version",
  "X-Prometheus-Scrape-Timeout-Seconds",
  "X-Amz-Date",
  "X-Amz-Security-Token",
  "X-Amz-Content-Sha256",
]);

function tlsVersion() {
  return {
    go: "string",
    read(d: Decoder, node: Parameters<typeof text.read>[1]) {
      const value = text.read(d, node);
      if (value !== undefined && !/^TLS1[0-3]$/.test(value))
        d.fail(node, `unknown TLS version: ${value}`);
      return value;
    },
  };
}
