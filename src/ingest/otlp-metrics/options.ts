/** How OTLP names become Prometheus' (https://prometheus.io/docs/guides/opentelemetry/#utf-8). */
export const TRANSLATION_STRATEGIES = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const;
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number];

/** What Prometheus' `otlp:` section sets (https://prometheus.io/docs/prometheus/latest/configuration/configuration/). */
export interface OtlpOptions {
  readonly strategy: TranslationStrategy;
  /** Resource attributes that become labels of every series of the resource, or all of them. */
  readonly promote: ReadonlySet<string> | "all";
  /** Whether `service.name`, `.namespace` and `.instance.id` stand in `target_info`, too. */
  readonly keepIdentifying: boolean;
  /** Whether the scope's name, version, schema URL and attributes become `otel_scope_*` labels. */
  readonly promoteScope: boolean;
  /** Whether cumulative explicit histograms become native ones with custom buckets. */
  readonly customBuckets: boolean;
}

export const OTLP_DEFAULTS: OtlpOptions = {
  strategy: "UnderscoreEscapingWithSuffixes",
  promote: new Set(),
  keepIdentifying: false,
  promoteScope: false,
  customBuckets: false,
};
