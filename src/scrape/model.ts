import type { RelabelConfig } from "./relabel";

/** One entry of `scrape_configs`, defaults filled in. Plain data: it is stored, and crosses an RPC as JSON. */
export interface ScrapeJob {
  readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly metricsPath: string;
  readonly scheme: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  /** Keep a classic histogram beside the native one of the same metric. */
  readonly classicToo: boolean;
  readonly followRedirects: boolean;
  readonly auth: ScrapeAuth | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly groups: readonly TargetGroup[];
  readonly relabel: readonly RelabelConfig[];
  readonly metricRelabel: readonly RelabelConfig[];
  /** Of the decompressed body, bytes. */
  readonly bodyLimit: number;
  /** 0: none. Counted after relabelling. */
  readonly sampleLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly targetLimit: number;
}

/** One `static_configs` entry. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export type ScrapeAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** `authorization`: the type and the credentials of the header. */
  | { readonly kind: "header"; readonly value: string };

/** A whole `prometheus.yml`, as far as it concerns Vedette. */
export interface PrometheusFile {
  readonly evaluationIntervalMs: number;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly ruleFiles: readonly string[];
  readonly jobs: readonly ScrapeJob[];
  /** What is accepted and not done, or done otherwise: said when the file is applied. */
  readonly notes: readonly string[];
}
