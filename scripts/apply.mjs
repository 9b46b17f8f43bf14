// `npm run apply -- DIR`: configuration as code. Puts every file of DIR that Vedette knows into a deployment.
//   rules/<namespace>.yml   Prometheus rule files, each replacing its namespace
//   alertmanager.yml        routes and receivers
//   blackbox.yml            probe modules
//   prometheus.yml          what is scraped; the files that its rule_files name are applied too
//   escalation.yml          escalation policies
//   anomalies.json          series for the anomaly scan
//   figures.json            the live page's figures
//   reports.json            where the daily report goes
// VEDETTE_URL and VEDETTE_TOKEN say where to; the local start is the default.
import { existsSync, globSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";

const [dir] = process.argv.slice(2);
const base = (process.env.VEDETTE_URL ?? "http://127.0.0.1:8787").replace(/\/+$/, "");
const token = process.env.VEDETTE_TOKEN ?? "vdt_admin_local";

if (dir === undefined || !existsSync(dir) || !statSync(dir).isDirectory()) {
  console.error("usage: npm run apply -- DIR   (VEDETTE_URL and VEDETTE_TOKEN say where to)");
  process.exit(2);
}

// Receivers first: escalation and reports name them.
const files = [
  ["alertmanager.yml", "/config/v1/alertmanager", "application/yaml"],
  ["escalation.yml", "/config/v1/escalation", "application/yaml"],
  ["anomalies.json", "/config/v1/anomalies", "application/json"],
  ["figures.json", "/config/v1/figures", "application/json"],
  ["reports.json", "/config/v1/reports", "application/json"],
  ["blackbox.yml", "/config/v1/probes", "application/yaml"],
  ["prometheus.yml", "/config/v1/prometheus", "application/yaml"],
].filter(([file]) => existsSync(join(dir, file)));
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
    `${dir} holds nothing to apply: no rules/, alertmanager.yml, escalation.yml, anomalies.json, figures.json, reports.json, blackbox.yml or prometheus.yml`,
  );
  process.exit(1);
}

let failed = 0;
for (const [file, path, type] of files) {
  try {
    const r = await fetch(base + path, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": type },
      body: readFileSync(join(dir, file)),
    });
    if (r.ok) {
      console.log(`applied  ${file}`);
      if (file === "prometheus.yml") tell(await r.json());
      continue;
    }
    failed++;
    const text = await r.text();
    console.error(`refused  ${file}: ${r.status} ${explain(text)}`);
  } catch (e) {
    failed++;
    console.error(
      `failed   ${file}: ${base} does not answer (${e instanceof Error ? (e.cause?.message ?? e.message) : e})`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);

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
    return `${p.where === undefined ? "" : `at ${p.where}: `}${p.detail ?? text}`;
  } catch {
    return text;
  }
}
