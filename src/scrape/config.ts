import { type ConfigRefusal, Refused } from "../alerting/config-error";
import { Fields, YamlFile } from "../alerting/yaml-fields";
import { type Result, err, ok } from "../core/result";
import { MAX_BODY, bytesOf } from "./config-size";
import { parseAuth, parseHeaders } from "./config-http";
import { parseRelabelConfigs } from "./config-relabel";
import type { PrometheusFile, ScrapeJob, TargetGroup } from "./model";

const MINUTE = 60_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const MIN_INTERVAL_MS = 1_000;
const MAX_JOBS = 200;
const MAX_TARGETS = 2_000;

/** Discovery that needs a process beside the targets. */
const DISCOVERY = [
  "azure",
  "aws",
  "consul",
  "digitalocean",
  "docker",
  "dockerswarm",
  "dns",
  "ec2",
  "eureka",
  "file",
  "gce",
  "hetzner",
  "http",
  "ionos",
  "kubernetes",
  "kuma",
  "lightsail",
  "linode",
  "marathon",
  "nerve",
  "nomad",
  "openstack",
  "ovhcloud",
  "puppetdb",
  "scaleway",
  "serverset",
  "stackit",
  "triton",
  "uyuni",
  "vultr",
].map((name) => `${name}_sd_configs`);

/** Fields of `global` that change nothing here. */
const GLOBAL_IDLE = [
  "query_log_file",
  "scrape_failure_log_file",
  "scrape_protocols",
  "keep_dropped_targets",
  "metric_name_validation_scheme",
  "metric_name_escaping_scheme",
  "runtime",
  "convert_classic_histograms_to_nhcb",
  "scrape_native_histograms",
  "extra_scrape_metrics",
  "rule_query_offset",
];

/** Sections that are accepted and answered with a note. */
const SECTIONS: Readonly<Record<string, string>> = {
  alerting: "alerts go to Vedette's own router (alertmanager.yml)",
  remote_write: "Vedette keeps the samples itself",
  remote_read: "Vedette keeps the samples itself",
  storage:
    "the out-of-order window is METRIC_OUT_OF_ORDER_WINDOW, retention is PUT /config/v1/retention",
  tracing: "Vedette's own requests are not traced",
  otlp: "the OTLP_* variables say how OTLP is translated",
  runtime: "there is no Go runtime here",
  scrape_config_files: "put those jobs into this file",
};

/**
 * A whole `prometheus.yml` (https://prometheus.io/docs/prometheus/latest/configuration/configuration/). What cannot
 * work is refused with its line and column; what works otherwise than with Prometheus is noted.
 */
export function parsePrometheusFile(text: string): Result<PrometheusFile, ConfigRefusal> {
  try {
    return ok(readFile(new YamlFile(text)));
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

interface Defaults {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly limits: Limits;
}

type Limits = Pick<
  ScrapeJob,
  | "bodyLimit"
  | "sampleLimit"
  | "labelLimit"
  | "labelNameLengthLimit"
  | "labelValueLengthLimit"
  | "targetLimit"
  | "classicToo"
>;

const NO_LIMITS: Limits = {
  bodyLimit: MAX_BODY,
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
  targetLimit: 0,
  classicToo: false,
};

function readFile(file: YamlFile): PrometheusFile {
  const root = file.root();
  const notes: string[] = [];
  const global = root.fields("global");
  const intervalMs = global?.duration("scrape_interval")?.ms ?? MINUTE;
  const timeout = global?.duration("scrape_timeout");
  const defaults: Defaults = {
    intervalMs,
    timeoutMs: timeout?.ms ?? Math.min(DEFAULT_TIMEOUT_MS, intervalMs),
    limits: global === undefined ? NO_LIMITS : limitsOf(global, NO_LIMITS),
  };
  if (timeout !== undefined && timeout.ms > intervalMs)
    file.refuse(
      timeout.node,
      "value_wrong",
      "global scrape timeout is greater than scrape interval",
    );
  const evaluation = global?.duration("evaluation_interval");
  if (evaluation !== undefined)
    notes.push(
      "global.evaluation_interval: a rule group's own interval counts, 15s where it names none",
    );
  const evaluationIntervalMs = evaluation?.ms ?? MINUTE;
  const externalLabels = Object.fromEntries(
    (global?.textMap("external_labels") ?? []).map(([name, value]) => [name, value]),
  );
  for (const name of GLOBAL_IDLE)
    if (global?.take(name) !== undefined) notes.push(`global.${name}: it changes nothing here`);
  global?.end();
  const ruleFiles = root.texts("rule_files").map((t) => t.text);
  for (const [name, note] of Object.entries(SECTIONS))
    if (root.take(name) !== undefined) notes.push(`${name}: ${note}`);
  const seen = new Set<string>();
  const jobs = root.list("scrape_configs").map(({ node, path }) => {
    const job = readJob(file, new Fields(file, node, path), defaults, notes);
    if (seen.has(job.name))
      file.refuse(
        node,
        "value_wrong",
        `${path}: found multiple scrape configs with job name ${JSON.stringify(job.name)}`,
      );
    seen.add(job.name);
    return job;
  });
  if (jobs.length > MAX_JOBS)
    file.refuse(root.node, "too_large", `${jobs.length} scrape jobs; the limit is ${MAX_JOBS}`);
  root.end();
  return { evaluationIntervalMs, externalLabels, ruleFiles, jobs, notes };
}

function readJob(file: YamlFile, f: Fields, defaults: Defaults, notes: string[]): ScrapeJob {
  const name = f.requiredText("job_name");
  const interval = f.duration("scrape_interval");
  const intervalMs = interval?.ms ?? defaults.intervalMs;
  if (intervalMs < MIN_INTERVAL_MS)
    file.refuse(
      interval?.node ?? f.node,
      "value_wrong",
      `${f.at("scrape_interval")} is below 1s, the shortest there is`,
    );
  const timeout = f.duration("scrape_timeout");
  if (timeout !== undefined && timeout.ms > intervalMs)
    file.refuse(
      timeout.node,
      "value_wrong",
      `scrape timeout greater than scrape interval for scrape config with job name ${JSON.stringify(name)}`,
    );
  const scheme = f.text("scheme") ?? "http";
  if (scheme !== "http" && scheme !== "https")
    file.refuse(f.node, "value_wrong", `${f.at("scheme")} must be http or https`);
  const params: Record<string, string[]> = {};
  const given = f.fields("params");
  for (const key of given?.names() ?? []) params[key] = given?.texts(key).map((t) => t.text) ?? [];
  const auth = parseAuth(file, f);
  const headers = parseHeaders(file, f);
  for (const sd of DISCOVERY)
    if (f.take(sd) !== undefined)
      notes.push(
        `${name}: ${sd} needs an agent beside the targets; npm run agent-config writes the file of one that pushes here`,
      );
  if (f.take("tls_config") !== undefined)
    notes.push(`${name}: tls_config is left to the platform, which checks certificates itself`);
  for (const idle of ["proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header"])
    if (f.take(idle) !== undefined) notes.push(`${name}: ${idle} is not used`);
  if (f.take("oauth2") !== undefined)
    file.refuse(f.node, "not_delivered", `not delivered: ${f.at("oauth2")}`);
  const relabel = parseRelabelConfigs(file, f, "relabel_configs");
  const groups = f.list("static_configs").map(({ node, path }): TargetGroup => {
    const g = new Fields(file, node, path);
    const targets = g.texts("targets").map((t) => {
      // What relabelling makes of it is judged with the target.
      if (t.text.includes("/") && relabel.length === 0)
        file.refuse(t.node, "value_wrong", `${JSON.stringify(t.text)} is not a valid hostname`);
      return t.text;
    });
    const labels = Object.fromEntries(g.textMap("labels").map(([k, v]) => [k, v]));
    g.end();
    return { targets, labels };
  });
  if (groups.reduce((n, g) => n + g.targets.length, 0) > MAX_TARGETS)
    file.refuse(f.node, "too_large", `${f.path} has more than ${MAX_TARGETS} targets`);
  const job: ScrapeJob = {
    name,
    intervalMs,
    timeoutMs: timeout?.ms ?? Math.min(defaults.timeoutMs, intervalMs),
    metricsPath: f.text("metrics_path") ?? "/metrics",
    scheme,
    params,
    honorLabels: f.flag("honor_labels", false),
    honorTimestamps: f.flag("honor_timestamps", true),
    followRedirects: f.flag("follow_redirects", true),
    auth,
    headers,
    groups,
    relabel,
    metricRelabel: parseRelabelConfigs(file, f, "metric_relabel_configs"),
    ...limitsOf(f, defaults.limits),
  };
  for (const idle of [
    "track_timestamps_staleness",
    "enable_compression",
    "enable_http2",
    "scrape_protocols",
    "fallback_scrape_protocol",
    "keep_dropped_targets",
    "native_histogram_bucket_limit",
    "native_histogram_min_bucket_factor",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
    "scrape_failure_log_file",
    "convert_classic_histograms_to_nhcb",
    "scrape_native_histograms",
    "extra_scrape_metrics",
  ])
    if (f.take(idle) !== undefined) notes.push(`${name}: ${idle} changes nothing here`);
  f.end();
  return job;
}

function limitsOf(f: Fields, otherwise: Limits): Limits {
  return {
    bodyLimit: bytesOf(f, "body_size_limit") ?? otherwise.bodyLimit,
    sampleLimit: f.wholeNumber("sample_limit", otherwise.sampleLimit),
    labelLimit: f.wholeNumber("label_limit", otherwise.labelLimit),
    labelNameLengthLimit: f.wholeNumber("label_name_length_limit", otherwise.labelNameLengthLimit),
    labelValueLengthLimit: f.wholeNumber(
      "label_value_length_limit",
      otherwise.labelValueLengthLimit,
    ),
    targetLimit: f.wholeNumber("target_limit", otherwise.targetLimit),
    classicToo: f.flag("always_scrape_classic_histograms", otherwise.classicToo),
  };
}
