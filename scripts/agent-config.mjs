// `npm run agent-config -- FILE [--url URL] [--token TOKEN] [--jobs a,b] [--out FILE]`: writes the configuration of a
// `prometheus --enable-feature=agent` (3.x: `prometheus --agent`) that scrapes the jobs of a prometheus.yml where their
// targets are, and pushes the samples to Vedette by remote write. For targets that a Worker cannot reach.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: process.env.VEDETTE_URL ?? "http://127.0.0.1:8787" },
    token: { type: "string", default: process.env.VEDETTE_INGEST_TOKEN ?? "vdt_ingest_local" },
    jobs: { type: "string" },
    out: { type: "string" },
  },
});
const [file] = positionals;
if (file === undefined || positionals.length > 1) {
  console.error(
    "usage: npm run agent-config -- PROMETHEUS.YML [--url URL] [--token TOKEN] [--jobs a,b] [--out FILE]",
  );
  process.exit(2);
}

const document = parseDocument(readFileSync(file, "utf8"));
if (document.errors.length > 0) {
  console.error(`${file}: ${document.errors[0].message}`);
  process.exit(1);
}
// What an agent refuses, as it keeps nothing and evaluates nothing.
for (const section of ["rule_files", "alerting", "remote_read", "storage", "otlp"])
  document.delete(section);
document.deleteIn(["global", "evaluation_interval"]);
document.deleteIn(["global", "rule_query_offset"]);
const jobs = document.toJS().scrape_configs ?? [];
if (args.jobs !== undefined) {
  const wanted = args.jobs.split(",");
  const unknown = wanted.filter((name) => !jobs.some((j) => j.job_name === name));
  if (unknown.length > 0) {
    console.error(`${file} has no job ${unknown.join(", ")}`);
    process.exit(1);
  }
  for (let i = jobs.length - 1; i >= 0; i--)
    if (!wanted.includes(jobs[i].job_name)) document.deleteIn(["scrape_configs", i]);
}
document.set(
  "remote_write",
  document.createNode([
    {
      url: `${args.url.replace(/\/+$/, "")}/api/v1/write`,
      authorization: { credentials: args.token },
      send_exemplars: true,
      send_native_histograms: true,
    },
  ]),
);
const text = document.toString();
if (args.out === undefined) process.stdout.write(text);
// It holds the token.
else writeFileSync(args.out, text, { mode: 0o600 });
