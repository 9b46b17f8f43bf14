import { type Labels, labelValue, labelsFromPairs, labelsToRecord } from "../core/labels";
import type { ScrapeJob } from "./model";
import { type HashTail, applyRelabel, compileRelabel, setLabel } from "./relabel";
import { parseDuration, renderDuration } from "../core/duration";

/** A target that is scraped. */
export interface Target {
  readonly job: string;
  /** Before relabelling, with every `__` label. */
  readonly discovered: Labels;
  /** What its series get. */
  readonly labels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Tells it from the job's others, over configurations. */
  readonly key: string;
  /** Why it is not asked at all and always down. */
  readonly refusal?: string;
}

export interface DroppedTarget {
  readonly job: string;
  readonly discovered: Labels;
}

/** A target whose labels do not make an address. */
export interface BrokenTarget {
  readonly job: string;
  readonly discovered: Labels;
  readonly error: string;
}

export interface JobTargets {
  readonly active: readonly Target[];
  readonly dropped: readonly DroppedTarget[];
  readonly broken: readonly BrokenTarget[];
}

/**
 * The targets of a job after relabelling
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config).
 */
export function targetsOf(job: ScrapeJob, hash: HashTail): JobTargets {
  const steps = compileRelabel(job.relabel);
  const active = new Map<string, Target>();
  const dropped: DroppedTarget[] = [];
  const broken: BrokenTarget[] = [];
  for (const group of job.groups) {
    for (const address of group.targets) {
      const discovered = discover(job, address, group.labels);
      const labels = applyRelabel(discovered, steps, hash);
      // No address after relabelling is how a target is dropped, too.
      if (labels === undefined || labelValue(labels, "__address__") === "") {
        dropped.push({ job: job.name, discovered });
        continue;
      }
      const target = makeTarget(job, discovered, labels);
      if (typeof target === "string") broken.push({ job: job.name, discovered, error: target });
      else active.set(target.key, target);
    }
  }
  const limit = job.targetLimit;
  const over = limit > 0 && active.size > limit;
  const refusal = `target_limit exceeded (number of targets: ${active.size}, limit: ${limit})`;
  const all = [...active.values()];
  return { active: over ? all.map((t) => ({ ...t, refusal })) : all, dropped, broken };
}

function discover(
  job: ScrapeJob,
  address: string,
  labels: Readonly<Record<string, string>>,
): Labels {
  const pairs: [string, string][] = [
    ["job", job.name],
    ["__scheme__", job.scheme],
    ["__metrics_path__", job.metricsPath],
    ["__scrape_interval__", renderDuration(job.intervalMs)],
    ["__scrape_timeout__", renderDuration(job.timeoutMs)],
  ];
  for (const [name, values] of Object.entries(job.params))
    if (values[0] !== undefined) pairs.push([`__param_${name}`, values[0]]);
  pairs.push(...Object.entries(labels), ["__address__", address]);
  return labelsFromPairs(pairs);
}

function makeTarget(job: ScrapeJob, discovered: Labels, labels: Labels): Target | string {
  const address = labelValue(labels, "__address__");
  if (address.includes("/")) return `${JSON.stringify(address)} is not a valid hostname`;
  const interval = parseDuration(labelValue(labels, "__scrape_interval__"));
  const timeout = parseDuration(labelValue(labels, "__scrape_timeout__"));
  if (!interval.ok || interval.value < 1_000)
    return "the scrape interval is below 1s or no duration";
  if (!timeout.ok || timeout.value <= 0) return "the scrape timeout is no duration";
  if (timeout.value > interval.value) return "the scrape timeout is greater than the interval";
  const url = urlOf(job, labels, address);
  if (url === undefined) return `${JSON.stringify(address)} makes no address`;
  const named =
    labelValue(labels, "instance") === "" ? setLabel(labels, "instance", address) : labels;
  const record = labelsToRecord(named);
  const kept = labelsFromPairs(Object.entries(record).filter(([name]) => !name.startsWith("__")));
  return {
    job: job.name,
    discovered,
    labels: kept,
    url,
    intervalMs: interval.value,
    timeoutMs: timeout.value,
    key: `${url} ${kept.join("\u0000")}`,
  };
}

function urlOf(job: ScrapeJob, labels: Labels, address: string): string | undefined {
  const path = labelValue(labels, "__metrics_path__");
  const base = `${labelValue(labels, "__scheme__")}://${address}${path.startsWith("/") ? "" : "/"}${path}`;
  if (!URL.canParse(base)) return undefined;
  const url = new URL(base);
  for (const [name, values] of Object.entries(job.params))
    for (const v of values.slice(1)) url.searchParams.append(name, v);
  // What relabelling made of the first value of each parameter goes first, as Prometheus has it.
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    if (!name.startsWith("__param_")) continue;
    const key = name.slice("__param_".length);
    const rest = url.searchParams.getAll(key);
    url.searchParams.delete(key);
    for (const v of [labels[i + 1] as string, ...rest]) url.searchParams.append(key, v);
  }
  return url.href;
}

/** When a target is scraped next: at an offset within its interval that its key decides, so that targets spread. */
export function nextScrape(target: Target, now: number): number {
  const offset = spread(target.key) % target.intervalMs;
  const since = (((now - offset) % target.intervalMs) + target.intervalMs) % target.intervalMs;
  return now - since + target.intervalMs;
}

/** A scrape that is later than this is left out: the next one is nearer. */
const LATE_MS = 10_000;

/**
 * When a target is scraped first by an object that was woken: the alarm comes at the time a scrape is due or after it,
 * so one that was just missed is made now, unless it was made before the object was put away.
 * @param lastMs of the last scrape; 0 where none is known
 */
export function resumedScrape(target: Target, now: number, lastMs: number): number {
  const late = Math.min(target.intervalMs / 2, LATE_MS);
  return nextScrape(target, Math.max(now - late, Math.min(lastMs, now)));
}

/** FNV-1a. */
function spread(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
