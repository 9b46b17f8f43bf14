import type { Context } from "hono";
import type { ConfigRefusal } from "../../alerting/config-error";
import { restoreSecrets } from "../../alerting/config-secrets";
import { labelsToRecord } from "../../core/labels";
import { checkOutgoingUrl } from "../../core/outgoing-url";
import { parsePrometheusFile } from "../../scrape/config";
import { redactPrometheusFile } from "../../scrape/config-secrets";
import type { PrometheusFile } from "../../scrape/model";
import { type ProbeModules, parseProbeModules } from "../../scrape/probe-config";
import { probeOf } from "../../scrape/probe-target";
import { targetsOf } from "../../scrape/targets";
import type { AppEnv, Deps } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";
import { md5Tail } from "./md5";
import {
  DOCUMENT,
  endJobs,
  loadFile,
  loadModules,
  loadPrometheusFile,
  objectOf,
  startJobs,
  storeFile,
} from "./store";

type Ctx = Context<AppEnv>;

const MAX_BODY = 1024 * 1024;
/** Of a job's name, percent-encoded: it names an object, whose name ends at 1,024 bytes with its project. */
const MAX_NAME = 900;

/** `GET /config/v1/prometheus`: the file in force, secrets hidden. */
export async function getPrometheus(c: Ctx): Promise<Response> {
  const doc = await loadFile(c.get("deps"), c.get("actor").projectId, "prometheus");
  return yaml(c, doc === undefined ? "{}\n" : redactPrometheusFile(doc.yaml));
}

/** `PUT /config/v1/prometheus`: a whole prometheus.yml; its jobs begin, jobs that it does not have end. */
export async function putPrometheus(c: Ctx): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name: by } = c.get("actor");
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  const before = await loadPrometheusFile(deps, projectId);
  const restored = restoreSecrets(text.value, before?.yaml);
  if (!restored.ok) return refused(c, restored.error);
  const parsed = parsePrometheusFile(restored.value);
  if (!parsed.ok) return refused(c, parsed.error);
  const file = parsed.value;
  const long = file.jobs.find((j) => objectOf(j.name).length > MAX_NAME);
  if (long !== undefined)
    return problem(c, {
      status: 400,
      code: "config_value_wrong",
      detail: `the job name ${JSON.stringify(long.name.slice(0, 80))}… is too long: ${MAX_NAME} bytes, percent-encoded`,
    });
  await endJobs(deps, projectId, goneJobs(before?.file, file));
  const version = await storeFile(deps, projectId, "prometheus", restored.value, by);
  await startJobs(deps, projectId, file);
  const { modules } = await loadModules(deps, projectId);
  return c.json({ version, ...summaryOf(deps, file, modules) });
}

/** `DELETE /config/v1/prometheus`: nothing is scraped any more. */
export async function deletePrometheus(c: Ctx): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name: by } = c.get("actor");
  const before = await loadPrometheusFile(deps, projectId);
  await endJobs(deps, projectId, before?.file.jobs.map((j) => j.name) ?? []);
  await deps.configStore(projectId).remove("prometheus", DOCUMENT, by);
  return c.json({ jobs: [] });
}

/** `GET /config/v1/probes` */
export async function getProbes(c: Ctx): Promise<Response> {
  const doc = await loadFile(c.get("deps"), c.get("actor").projectId, "probes");
  return yaml(c, doc === undefined ? "modules: {}\n" : redactPrometheusFile(doc.yaml));
}

/** `PUT /config/v1/probes`: blackbox_exporter's blackbox.yml. */
export async function putProbes(c: Ctx): Promise<Response> {
  const deps = c.get("deps");
  const { projectId, name: by } = c.get("actor");
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  const current = await loadFile(deps, projectId, "probes");
  const restored = restoreSecrets(text.value, current?.yaml);
  if (!restored.ok) return refused(c, restored.error);
  const parsed = parseProbeModules(restored.value);
  if (!parsed.ok) return refused(c, parsed.error);
  const version = await storeFile(deps, projectId, "probes", restored.value, by);
  const applied = await loadPrometheusFile(deps, projectId);
  if (applied !== undefined) await startJobs(deps, projectId, applied.file);
  return c.json({ version, modules: Object.keys(parsed.value) });
}

/** What was applied: by job how many targets, which cannot be reached from here, and what is done otherwise. */
function summaryOf(deps: Deps, file: PrometheusFile, modules: ProbeModules): object {
  const unreachable: object[] = [];
  const jobs = file.jobs.map((job) => {
    const { active, dropped, broken } = targetsOf(job, md5Tail);
    for (const t of active) {
      // A probe of a module that is not here is left to the exporter that the target names.
      const probed = probeOf(t, modules)?.target;
      const address =
        probed === undefined ? t.url : /^https?:\/\//.test(probed) ? probed : `http://${probed}`;
      if (deps.outside.bindings.has(URL.canParse(address) ? new URL(address).hostname : ""))
        continue;
      const checked = checkOutgoingUrl(address, deps.config.local);
      if (checked.ok) continue;
      unreachable.push({
        job: job.name,
        target: address,
        reason: checked.error.reason.startsWith("private")
          ? "private_target"
          : checked.error.reason,
        detail: `${checked.error.message}; reach it over a binding (SCRAPE_BINDINGS), or push from there: npm run agent-config`,
      });
    }
    for (const b of broken)
      unreachable.push({
        job: job.name,
        target: labelsToRecord(b.discovered)["__address__"] ?? "",
        reason: "broken_target",
        detail: b.error,
      });
    return { job: job.name, targets: active.length, dropped: dropped.length };
  });
  return {
    jobs,
    unreachable,
    rule_files: file.ruleFiles,
    notes:
      Object.keys(file.externalLabels).length === 0
        ? file.notes
        : [
            ...file.notes,
            "external_labels: set the variable EXTERNAL_LABELS to put them on alerts",
          ],
  };
}

function goneJobs(before: PrometheusFile | undefined, now: PrometheusFile): string[] {
  const kept = new Set(now.jobs.map((j) => j.name));
  return (before?.jobs ?? []).map((j) => j.name).filter((name) => !kept.has(name));
}

function yaml(c: Ctx, text: string): Response {
  return c.body(text, 200, { "content-type": "application/yaml; charset=utf-8" });
}

function refused(c: Ctx, r: ConfigRefusal): Response {
  return problem(c, {
    status: r.reason === "too_large" ? 413 : 400,
    code: `config_${r.reason}`,
    detail: r.message,
    where: `${r.line}:${r.column}`,
  });
}
