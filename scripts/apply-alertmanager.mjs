// Packs alertmanager.yml with what it names: its templates and the files of every `*_file`, as one bundle.
import { existsSync, globSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parse } from "yaml";

/**
 * The body to put, its type, and what was named but is not there. Paths are relative to `dir`, as Alertmanager takes
 * them relative to its configuration; the Worker says what is wrong with the YAML itself, and where. For a check
 * `environment` has what `${NAME}` would stand for.
 */
export function packAlertmanager(dir, environment) {
  const yaml = readFileSync(join(dir, "alertmanager.yml"), "utf8");
  let document;
  try {
    document = parse(yaml, { logLevel: "silent" });
  } catch {
    return { body: yaml, type: "application/yaml", missing: [], variables: [] };
  }
  const patterns = Array.isArray(document?.templates) ? document.templates.map(String) : [];
  const templates = patterns.flatMap((pattern) => globSync(pattern, { cwd: dir }));
  const named = [...new Set(filesOf({ global: document?.global, receivers: document?.receivers }))];
  const missing = named.filter((path) => !existsSync(placeOf(dir, path)));
  const there = named.filter((path) => !missing.includes(path));
  const read = (paths) =>
    Object.fromEntries(paths.map((path) => [path, readFileSync(placeOf(dir, path), "utf8")]));
  const variables = [
    ...new Set([...yaml.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map((m) => m[1])),
  ];
  // A bundle even where it holds the YAML alone: what DIR does not have is not in force afterwards.
  const set = variables.filter((name) => (environment?.[name] ?? "") !== "");
  const body = JSON.stringify({
    ...(environment === undefined
      ? {}
      : { secrets: Object.fromEntries(set.map((name) => [name, environment[name]])) }),
    alertmanager_config: yaml,
    template_files: read([...new Set(templates)].sort()),
    files: read(there),
  });
  return { body, type: "application/json", missing, variables };
}

function placeOf(dir, path) {
  return isAbsolute(path) ? path : join(dir, path);
}

/** The values of `*_file`, but of TLS: keys and certificates of a client have no use on a Worker. */
function filesOf(value) {
  if (Array.isArray(value)) return value.flatMap(filesOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, v]) => {
    if (key === "tls_config" || key === "smtp_tls_config") return [];
    if (key.endsWith("_file") && typeof v === "string" && v !== "") return [v];
    // `http_headers`: a list of them.
    if (key === "files" && Array.isArray(v)) return v.filter((f) => typeof f === "string");
    return filesOf(v);
  });
}
