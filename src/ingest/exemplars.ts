import type { Labels } from "../core/labels";

/**
 * Characters of all names and values of an exemplar's labels together
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars). Prometheus, too, leaves larger ones out.
 */
export const EXEMPLAR_LABELS_LIMIT = 128;

export function exemplarFits(labels: Labels): boolean {
  let characters = 0;
  for (const text of labels) {
    if (text.length > 2 * EXEMPLAR_LABELS_LIMIT) return false;
    characters += [...text].length;
  }
  return characters <= EXEMPLAR_LABELS_LIMIT;
}
