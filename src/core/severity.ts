const RANKS: Readonly<Record<string, number>> = {
  critical: 5,
  page: 5,
  emergency: 5,
  high: 4,
  error: 4,
  warning: 3,
  medium: 3,
  low: 2,
  info: 1,
  none: 1,
};

/** How grave a `severity` label is; a word that is not known ranks with warnings. */
export function severityRank(severity: string | undefined): number {
  return RANKS[severity?.toLowerCase() ?? ""] ?? 3;
}
