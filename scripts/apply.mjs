// `npm run apply -- DIR`: configuration as code. Puts every file of DIR that Vedette knows into a deployment.
//   rules/<namespace>.yml   Prometheus rule files, each replacing its namespace
//   alertmanager.yml        routes and receivers
//   escalation.yml          escalation policies
//   anomalies.json          series for the anomaly scan
//   figures.json            the live page's figures
//   reports.json            where the daily report goes
// VEDETTE_URL and VEDETTE_TOKEN say where to; the local start is the default.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

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
].filter(([file]) => existsSync(join(dir, file)));
const rules = existsSync(join(dir, "rules")) ? readdirSync(join(dir, "rules")).filter((f) => /\.ya?ml$/.test(f)) : [];
for (const f of rules.sort()) files.push([join("rules", f), `/config/v1/rules/${encodeURIComponent(f.replace(/\.ya?ml$/, ""))}`, "application/yaml"]);

if (files.length === 0) {
  console.error(`${dir} holds nothing to apply: no rules/, alertmanager.yml, escalation.yml, anomalies.json, figures.json or reports.json`);
  process.exit(1);
}

let failed = 0;
for (const [file, path, type] of files) {
  try {
    const r = await fetch(base + path, { method: "PUT", headers: { authorization: `Bearer ${token}`, "content-type": type }, body: readFileSync(join(dir, file)) });
    if (r.ok) {
      console.log(`applied  ${file}`);
      continue;
    }
    failed++;
    const text = await r.text();
    console.error(`refused  ${file}: ${r.status} ${explain(text)}`);
  } catch (e) {
    failed++;
    console.error(`failed   ${file}: ${base} does not answer (${e instanceof Error ? (e.cause?.message ?? e.message) : e})`);
  }
}
process.exit(failed === 0 ? 0 : 1);

function explain(text) {
  try {
    const p = JSON.parse(text);
    return `${p.where === undefined ? "" : `at ${p.where}: `}${p.detail ?? text}`;
  } catch {
    return text;
  }
}
