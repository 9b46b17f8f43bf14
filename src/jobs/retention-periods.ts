/** Days that each store keeps its records unless the project says otherwise. The README's table of limits shows them. */
export const RETENTION_DAYS = {
  metrics: 395,
  logs: 30,
  traces: 14,
  events: 395,
  alerts: 395,
  notifications: 395,
  incidents: 730,
  reports: 730,
} as const;

/** Days until metrics are downsampled to five minutes; from then on the samples as they came are gone. */
export const RAW_METRIC_DAYS = 15;

export type RetainedStore = keyof typeof RETENTION_DAYS;

/** Days, per store. */
export type RetentionPeriods = Readonly<Record<RetainedStore, number>> & {
  readonly metrics_raw: number;
};

export const DEFAULT_PERIODS: RetentionPeriods = {
  ...RETENTION_DAYS,
  metrics_raw: RAW_METRIC_DAYS,
};
