import type { Deps } from "../deps";
import { parsePrometheusFile } from "../../scrape/config";
import type { PrometheusFile } from "../../scrape/model";
import { DEFAULT_MODULES, type ProbeModules, parseProbeModules } from "../../scrape/probe-config";
import { openPrometheusFile, sealPrometheusFile } from "../../scrape/sealed-file";
import type { ScraperSpec, ScraperView } from "../../scrape/view";

export const DOCUMENT = "default";

type FileKind = "prometheus" | "probes";

export interface Applied {
  readonly yaml: string;
  readonly version: number;
  readonly file: PrometheusFile;
}

/** The `prometheus.yml` in force; undefined where there is none. */
export async function loadPrometheusFile(
  deps: Deps,
  projectId: string,
): Promise<Applied | undefined> {
  const doc = await loadFile(deps, projectId, "prometheus");
  if (doc === undefined) return undefined;
  const parsed = parsePrometheusFile(doc.yaml);
  // It was parsed when it was put; a stricter version of this code must not hide the others.
  return parsed.ok ? { ...doc, file: parsed.value } : undefined;
}

export async function loadModules(
  deps: Deps,
  projectId: string,
): Promise<{ readonly modules: ProbeModules; readonly version: number }> {
  const doc = await loadFile(deps, projectId, "probes");
  const parsed = doc === undefined ? undefined : parseProbeModules(doc.yaml);
  return {
    modules: parsed?.ok === true ? parsed.value : DEFAULT_MODULES,
    version: doc?.version ?? 0,
  };
}

/** A file as it was put, without its being read. */
export async function loadFile(
  deps: Deps,
  projectId: string,
  kind: FileKind,
): Promise<{ readonly yaml: string; readonly version: number } | undefined> {
  const doc = await deps.configStore(projectId).get(kind, DOCUMENT);
  if (doc === undefined) return undefined;
  return {
    yaml: await openPrometheusFile(doc.body, deps.sealer(projectId)),
    version: doc.version,
  };
}

/** Stores a file, sealed where it holds a secret; gives its version. */
export async function storeFile(
  deps: Deps,
  projectId: string,
  kind: FileKind,
  yaml: string,
  by: string,
): Promise<number> {
  const store = deps.configStore(projectId);
  const sealer = deps.sealer(projectId);
  const seal = (text: string): Promise<string> => sealPrometheusFile(text, sealer, text);
  const former = await store.get(kind, DOCUMENT);
  // One that was stored before any was sealed, or under a former key.
  if (former !== undefined && (await seal(former.body)) !== former.body)
    await store.rewrite(kind, DOCUMENT, seal);
  const body = await sealPrometheusFile(yaml, sealer, former?.body);
  return (await store.put(kind, DOCUMENT, body, by)).version;
}

/** An object's name holds no slash of a job's. */
export function objectOf(job: string): string {
  return encodeURIComponent(job);
}

/** Ends jobs that a file has no more. Before the file is stored: a failure leaves them named in it, to be ended by the next try. */
export async function endJobs(
  deps: Deps,
  projectId: string,
  gone: readonly string[],
): Promise<void> {
  const objects = deps.objects(projectId);
  await Promise.all(gone.map((name) => objects.scraper(objectOf(name)).remove()));
}

/** Tells every job's object what it is to do. */
export async function startJobs(
  deps: Deps,
  projectId: string,
  file: PrometheusFile,
): Promise<void> {
  const { modules } = await loadModules(deps, projectId);
  const objects = deps.objects(projectId);
  // By the clock: it rises with the file as well as with the modules.
  const version = deps.clock();
  await Promise.all(
    file.jobs.map((job) => {
      const spec: ScraperSpec = { version, job, modules };
      return objects.scraper(objectOf(job.name)).configure(JSON.stringify(spec));
    }),
  );
}

/** What every job's object tells; a job that does not answer is left out. */
export async function viewJobs(
  deps: Deps,
  projectId: string,
  file: PrometheusFile,
): Promise<readonly ScraperView[]> {
  const objects = deps.objects(projectId);
  const answers = await Promise.allSettled(
    file.jobs.map((job) => objects.scraper(objectOf(job.name)).state()),
  );
  return answers.flatMap((a) => {
    if (a.status === "rejected") {
      console.warn("a scrape job does not tell its state", a.reason);
      return [];
    }
    // As state() wrote it.
    const view = JSON.parse(a.value) as ScraperView | null;
    return view === null ? [] : [view];
  });
}
