/** Days that each store keeps its records. The README's table of limits shows them. */
export const RETENTION_DAYS = {
  metrics: 395,
  logs: 30,
  traces: 14,
  events: 395,
  alerts: 395,
  incidents: 730,
  reports: 730,
} as const;

export type RetainedStore = keyof typeof RETENTION_DAYS;
