import type { Fields, YamlFile } from "../alerting/yaml-fields";
import type { ScrapeAuth } from "./model";

/** `basic_auth`, `authorization` or `bearer_token`: at most one of them, as Prometheus has it. */
export function parseAuth(file: YamlFile, f: Fields): ScrapeAuth | undefined {
  const found: ScrapeAuth[] = [];
  const basic = f.fields("basic_auth");
  if (basic !== undefined) {
    refuseFiles(basic, ["username_file", "password_file"]);
    found.push({
      kind: "basic",
      username: basic.text("username") ?? "",
      password: basic.text("password") ?? "",
    });
    basic.end();
  }
  const authorization = f.fields("authorization");
  if (authorization !== undefined) {
    refuseFiles(authorization, ["credentials_file"]);
    const type = authorization.text("type") ?? "Bearer";
    if (type.toLowerCase() === "basic")
      file.refuse(
        authorization.node,
        "value_wrong",
        `${authorization.path} type cannot be set to "basic", use "basic_auth" instead`,
      );
    found.push({ kind: "header", value: `${type} ${authorization.text("credentials") ?? ""}` });
    authorization.end();
  }
  refuseFiles(f, ["bearer_token_file"]);
  const bearer = f.text("bearer_token");
  if (bearer !== undefined) found.push({ kind: "header", value: `Bearer ${bearer}` });
  if (found.length > 1)
    file.refuse(
      f.node,
      "value_wrong",
      `${f.path}: at most one of basic_auth, authorization and bearer_token must be configured`,
    );
  return found[0];
}

/** Headers that are Prometheus' own or the connection's are not to be set. */
const RESERVED = new Set([
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "host",
  "transfer-encoding",
  "user-agent",
  "x-prometheus-scrape-timeout-seconds",
]);

/** `http_headers`: values that go with each request. */
export function parseHeaders(file: YamlFile, f: Fields): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  const given = f.fields("http_headers");
  for (const name of given?.names() ?? []) {
    const header = given?.fields(name);
    if (header === undefined) continue;
    if (RESERVED.has(name.toLowerCase()) || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      file.refuse(header.node, "value_wrong", `${header.path} is not a header that can be set`);
    refuseFiles(header, ["files"]);
    const secrets = header.take("secrets");
    // Shown back they could not be told from values; authorization keeps its credentials hidden.
    if (secrets !== undefined)
      file.refuse(secrets, "not_delivered", `${header.at("secrets")}: use authorization`);
    const values = header.texts("values").map((t) => t.text);
    if (values.some((v) => !/^[\t\x20-\x7e]*$/.test(v)))
      file.refuse(header.node, "value_wrong", `${header.path} holds what no header may`);
    out[name] = values.join(", ");
    header.end();
  }
  return out;
}

function refuseFiles(f: Fields, names: readonly string[]): void {
  for (const name of names) {
    const node = f.take(name);
    if (node !== undefined)
      f.file.refuse(
        node,
        "not_delivered",
        `${f.at(name)}: there are no files here; put the value into the file itself`,
      );
  }
}
