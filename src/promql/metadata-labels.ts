import { type Labels, METRIC_NAME, withoutLabels } from "../core/labels";

/**
 * What a series is called, its type and its unit: PromQL drops them together, since a computed value
 * is another metric (https://prometheus.io/docs/prometheus/latest/feature_flags/#type-and-unit-labels).
 */
export const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, "__type__", "__unit__"]);

export function withoutMetadata(labels: Labels): Labels {
  for (let i = 0; i < labels.length; i += 2)
    if (METADATA_LABELS.has(labels[i] as string)) return withoutLabels(labels, METADATA_LABELS);
  return labels;
}
