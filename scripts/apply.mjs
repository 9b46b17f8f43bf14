// `npm run apply -- DIR`: configuration as code. Puts every file of DIR that Vedette knows into a deployment.
//   rules/<namespace>.yml   Prometheus rule files, or the shorthand, each replacing its namespace
//   alerts.yml              the same for the namespace alerts
//   alertmanager.yml        routes and receivers, with the templates and the `*_file`s that it names
//   blackbox.yml            probe modules
//   prometheus.yml          what is scraped; the files that its rule_files name are applied too
//   escalation.yml          escalation policies
//   heartbeats.yml          heartbeats of jobs
//   anomalies.json          series for the anomaly scan
//   figures.json            the live page's figures
//   reports.json            where the daily report goes
// VEDETTE_URL and VEDETTE_TOKEN say where to; the local start is the default.
//   --strict             alertmanager.yml may hold only what Alertmanager itself takes
//   --check              only says what would come of alertmanager.yml; nothing is put
//   --secrets-from-env   puts the environment variable NAME as the secret NAME for each ${NAME} of alertmanager.yml
import { existsSync, globSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { packAlertmanager } from "./apply-alertmanager.mjs";

const FLAGS = ["strict", "check", "secrets-from-env"];
const options = Object.fromEntries(
  FLAGS.map((name) => [name, { type: "boolean", default: false }]),
);
const { values: flags, positionals } = parsed();
const [dir] = positionals;
const base = (process.env.VEDETTE_URL ?? "http://127.0.0.1:8787").replace(/\/+$/, "");
const token = process.env.VEDETTE_TOKEN ?? "vdt_admin_local";

if (dir === undefined) usage();
if (!existsSync(dir) || !statSync(dir).isDirectory()) {
  console.error(`${dir} is no directory`);
  usage();
}

// Receivers first: escalation and reports name them.
const files = [
  ["alertmanager.yml", "/config/v1/alertmanager", "application/yaml"],
  ["escalation.yml", "/config/v1/escalation", "application/yaml"],
  ["heartbeats.yml", "/config/v1/heartbeats", "application/yaml"],
  ["anomalies.json", "/config/v1/anomalies", "application/json"],
  ["figures.json", "/config/v1/figures", "application/json"],
  ["reports.json", "/config/v1/reports", "application/json"],
  ["alerts.yml", "/config/v1/rules/alerts", "application/yaml"],
  ["blackbox.yml", "/config/v1/probes", "application/yaml"],
  ["prometheus.yml", "/config/v1/prometheus", "application/yaml"],
].filter(([file]) => existsSync(join(dir, file)));
if (flags.check) process.exit(await check());
const rules = existsSync(join(dir, "rules"))
  ? readdirSync(join(dir, "rules")).filter((f) => /\.ya?ml$/.test(f))
  : [];
for (const f of ruleFiles())
  if (!rules.includes(f.replace(/^rules\//, "")))
    files.push([
      f,
      `/config/v1/rules/${encodeURIComponent(basename(f).replace(/\.ya?ml$/, ""))}`,
      "application/yaml",
    ]);
for (const f of rules.sort())
  files.push([
    join("rules", f),
    `/config/v1/rules/${encodeURIComponent(f.replace(/\.ya?ml$/, ""))}`,
    "application/yaml",
  ]);

if (files.length === 0) {
  console.error(
    `${dir} holds nothing to apply: no rules/, alerts.yml, alertmanager.yml, escalation.yml, heartbeats.yml, anomalies.json, figures.json, reports.json, blackbox.yml or prometheus.yml`,
  );
  process.exit(1);
}

let failed = 0;
for (const [file, path, type] of files) {
  try {
    const r =
      file === "alertmanager.yml"
        ? await putAlertmanager()
        : await put(path, type, readFileSync(join(dir, file)));
    if (r.ok) {
      console.log(`applied  ${file}`);
      if (file === "prometheus.yml") tell(await r.json());
      if (path.startsWith("/config/v1/rules/"))
        for (const w of (await r.json()).warnings ?? []) console.warn(`  warning: ${file}:${w}`);
      if (file === "alertmanager.yml") tellNotes(file, await r.json());
      continue;
    }
    failed++;
    const text = await r.text();
    console.error(`refused  ${file}${explain(text)}`);
  } catch (e) {
    failed++;
    console.error(
      `failed   ${file}: ${base} does not answer (${e instanceof Error ? (e.cause?.message ?? e.message) : e})`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);

function parsed() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (e) {
    console.error(e.message);
    return usage();
  }
}

function usage() {
  console.error(
    "usage: npm run apply -- DIR [--strict] [--check] [--secrets-from-env]   (VEDETTE_URL and VEDETTE_TOKEN say where to)",
  );
  process.exit(2);
}

function put(path, type, body) {
  return fetch(base + path, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": type },
    body,
  });
}

async function putAlertmanager(query = []) {
  const withSecrets = flags["secrets-from-env"];
  const { body, type, missing, variables } = packAlertmanager(
    dir,
    withSecrets && flags.check ? process.env : undefined,
  );
  for (const path of missing) console.warn(`  not there: ${path}, which alertmanager.yml names`);
  if (withSecrets && !flags.check) for (const name of variables) await putSecret(name);
  const flag = [...(flags.strict ? ["strict=1"] : []), ...query].join("&");
  return put(`/config/v1/alertmanager${flag === "" ? "" : `?${flag}`}`, type, body);
}

async function putSecret(name) {
  const value = process.env[name];
  if (value === undefined || value === "") {
    console.warn(`  not set: the environment variable ${name}, which alertmanager.yml names`);
    return;
  }
  const r = await put(`/config/v1/secrets/${name}`, "application/json", JSON.stringify({ value }));
  if (r.ok) return console.log(`applied  secret ${name}`);
  failed++;
  console.error(`refused  secret ${name}${explain(await r.text())}`);
}

/** Says what would come of alertmanager.yml; gives the exit code. */
async function check() {
  const file = "alertmanager.yml";
  if (!files.some(([f]) => f === file)) {
    console.error(`${dir} holds no ${file} to check`);
    return 1;
  }
  const r = await putAlertmanager(["check=1"]);
  if (!r.ok) {
    console.error(`refused  ${file}${explain(await r.text())}`);
    return 1;
  }
  const verdict = await r.json();
  console.log(`${verdict.valid ? "valid" : "not valid"}   ${file}`);
  tellNotes(file, verdict);
  const wrong = [
    ...(verdict.error === undefined ? [] : [verdict.error]),
    ...(verdict.undelivered ?? []),
  ];
  for (const e of wrong) console.error(`  ${file}:${e.where}: ${e.code}: ${e.detail}`);
  return wrong.length === 0 ? 0 : 1;
}

/** What of alertmanager.yml was understood otherwise than Alertmanager would, or has no effect, and where. */
function tellNotes(file, { warnings = [], notices = [] }) {
  for (const [kind, notes] of [
    ["warning", warnings],
    ["notice", notices],
  ])
    for (const n of notes)
      for (const at of n.places)
        console.warn(
          `  ${file}:${at.line}:${at.column}: ${kind} ${n.name}: ${n.message}${at.what === "" ? "" : ` (${at.what})`}`,
        );
}

/** The files that prometheus.yml names under rule_files, relative to DIR. */
function ruleFiles() {
  const file = join(dir, "prometheus.yml");
  if (!existsSync(file)) return [];
  let patterns;
  try {
    patterns = parse(readFileSync(file, "utf8"))?.rule_files ?? [];
  } catch {
    return []; // The Worker says what is wrong with it, and where.
  }
  return [...new Set(patterns.flatMap((p) => globSync(String(p), { cwd: dir })))].sort();
}

/** What of a prometheus.yml cannot be done, or is done otherwise. */
function tell({ unreachable = [], notes = [] }) {
  for (const u of unreachable)
    console.warn(`  not reached: job ${u.job}, ${u.target}: ${u.reason}: ${u.detail}`);
  for (const n of notes) console.log(`  note: ${n}`);
}

function explain(text) {
  try {
    const p = JSON.parse(text);
    return `${p.where === undefined ? "" : `:${p.where}`}: ${p.code ?? ""}: ${p.detail ?? text}`;
  } catch {
    return `: ${text}`;
  }
}
