import { RE2JS } from "re2js";
import { type ConfigRefusal, Refused } from "../alerting/config-error";
import { Fields, YamlFile } from "../alerting/yaml-fields";
import { type Result, err, ok } from "../core/result";
import { parseAuth } from "./config-http";
import { bytesOf } from "./config-size";
import { DEFAULT_BODY_LIMIT, HTTP_2XX, type HeaderTest, type ProbeModule } from "./probe";

export type ProbeModules = Readonly<Record<string, ProbeModule>>;

/** There without a file of one's own. */
export const DEFAULT_MODULES: ProbeModules = { http_2xx: HTTP_2XX };

/** blackbox_exporter's `blackbox.yml`; only the prober http works here. */
export function parseProbeModules(text: string): Result<ProbeModules, ConfigRefusal> {
  try {
    const file = new YamlFile(text);
    const root = file.root();
    const given = root.fields("modules");
    root.end();
    const out: Record<string, ProbeModule> = { ...DEFAULT_MODULES };
    for (const name of given?.names() ?? []) {
      const module = given?.fields(name);
      if (module !== undefined) out[name] = readModule(file, module);
    }
    return ok(out);
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

function readModule(file: YamlFile, f: Fields): ProbeModule {
  const prober = f.requiredText("prober");
  if (prober !== "http")
    file.refuse(
      f.node,
      "not_delivered",
      `${f.path}: a Worker cannot probe by ${JSON.stringify(prober)}, only by http`,
    );
  const timeoutMs = f.duration("timeout")?.ms ?? 0;
  const http = f.fields("http");
  f.end();
  if (http === undefined) return { ...HTTP_2XX, timeoutMs };
  const method = http.text("method") ?? "GET";
  if (!/^[A-Z]+$/.test(method) || method === "CONNECT" || method === "TRACE")
    file.refuse(http.node, "value_wrong", `${http.at("method")} cannot be ${method}`);
  const module: ProbeModule = {
    method,
    headers: Object.fromEntries(http.textMap("headers").map(([k, v]) => [k, v])),
    body: http.text("body"),
    validStatusCodes: http.texts("valid_status_codes").map((t) => Number(t.text)),
    followRedirects: http.flag("follow_redirects", !http.flag("no_follow_redirects", false)),
    failIfSsl: http.flag("fail_if_ssl", false),
    failIfNotSsl: http.flag("fail_if_not_ssl", false),
    failIfBodyMatches: patterns(file, http, "fail_if_body_matches_regexp"),
    failIfBodyNotMatches: patterns(file, http, "fail_if_body_not_matches_regexp"),
    failIfHeaderMatches: headerTests(file, http, "fail_if_header_matches"),
    failIfHeaderNotMatches: headerTests(file, http, "fail_if_header_not_matches"),
    auth: parseAuth(file, http),
    timeoutMs,
    bodyLimit: bytesOf(http, "body_size_limit") ?? DEFAULT_BODY_LIMIT,
  };
  if (module.validStatusCodes.some((c) => !Number.isInteger(c) || c < 100 || c > 999))
    file.refuse(http.node, "value_wrong", `${http.at("valid_status_codes")} must be status codes`);
  for (const name of ["valid_http_versions", "tls_config"])
    if (http.names().includes(name))
      file.refuse(http.node, "not_delivered", `${http.at(name)}: the platform decides that itself`);
  // What changes nothing here.
  for (const idle of [
    "preferred_ip_protocol",
    "ip_protocol_fallback",
    "compression",
    "enable_http2",
    "enable_http3",
  ])
    http.take(idle);
  http.end();
  return module;
}

function patterns(file: YamlFile, f: Fields, name: string): string[] {
  return f.texts(name).map(({ text, node }) => {
    try {
      RE2JS.compile(text);
      return text;
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e);
      return file.refuse(node, "value_wrong", `${f.at(name)}: ${why}`);
    }
  });
}

function headerTests(file: YamlFile, f: Fields, name: string): HeaderTest[] {
  return f.list(name).map(({ node, path }) => {
    const t = new Fields(file, node, path);
    const header = t.requiredText("header");
    const regex = t.requiredText("regexp");
    const allowMissing = t.flag("allow_missing", false);
    t.end();
    try {
      RE2JS.compile(regex);
    } catch (e) {
      return file.refuse(
        node,
        "value_wrong",
        `${path}: ${e instanceof Error ? e.message : String(e)}`,
      );
    }
    return { header, regex, allowMissing };
  });
}
