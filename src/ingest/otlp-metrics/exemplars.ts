import { type Labels, labelsOf } from "../../core/labels";
import { EXEMPLAR_LABELS_LIMIT, exemplarFits } from "../exemplars";
import { attributeText, nanosToMs } from "../otlp/common";
import type { PointExemplar } from "./model";
import type { Namer } from "./names";

export interface TranslatedExemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
}

/**
 * Exemplars with `trace_id` and `span_id`; the filtered attributes stand beside them as long as all fit in
 * 128 characters
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exemplars).
 */
export function translateExemplars(
  exemplars: readonly PointExemplar[],
  namer: Namer,
  pointMs: number,
): TranslatedExemplar[] {
  return exemplars.map((e) => {
    const ids: Record<string, string> = {};
    if (/[1-9a-f]/.test(e.traceId)) ids["trace_id"] = e.traceId;
    if (/[1-9a-f]/.test(e.spanId)) ids["span_id"] = e.spanId;
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
    let characters = 0;
    for (const [key, value] of e.filteredAttributes) {
      const text = attributeText(value);
      characters += key.length + text.length;
      if (characters > 2 * EXEMPLAR_LABELS_LIMIT) break;
      if (key !== "") attributes[namer.label(key)] = text;
    }
    const whole = labelsOf({ ...attributes, ...ids });
    const fits = characters <= 2 * EXEMPLAR_LABELS_LIMIT && exemplarFits(whole);
    return {
      labels: fits ? whole : labelsOf(ids),
      value: e.asDouble ?? Number(e.asInt ?? 0n),
      timeMs: e.timeUnixNano === 0n ? pointMs : nanosToMs(e.timeUnixNano),
    };
  });
}
