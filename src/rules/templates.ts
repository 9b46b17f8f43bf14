import type { StringMap } from "../core/alerts";
import { type Labels, METRIC_NAME, labelsToRecord } from "../core/labels";
import { expandTemplate } from "../core/template";
import type { AlertingRule } from "./model";
import type { Candidate } from "./state";

/** `alertname`: the label that every alert of a rule has. */
export const ALERT_NAME = "alertname";

/**
 * Labels and annotations of one series of a rule's expression. A template that fails gives
 * its error as the text, as in Prometheus: the alert goes out all the same.
 */
export function expandRule(
  rule: AlertingRule,
  labels: Labels,
  value: number,
  externalUrl: string,
): Candidate {
  const own = labelsToRecord(labels);
  const input = {
    dot: { Labels: own, Value: value, ExternalURL: externalUrl, ExternalLabels: {} },
    variables: {
      $labels: own,
      $value: value,
      $externalURL: externalUrl,
      $externalLabels: {},
    },
    functions: { externalURL: () => externalUrl },
  };
  const expand = (text: string): string => {
    const done = expandTemplate(text, "prometheus", input);
    if (done.ok) return done.value;
    const { line, column, message } = done.error;
    return `<error expanding template: ${line}:${column}: ${message}>`;
  };
  const { [METRIC_NAME]: _, ...rest } = own;
  return {
    labels: withoutEmpty({ ...rest, ...mapValues(rule.labels, expand), [ALERT_NAME]: rule.name }),
    annotations: mapValues(rule.annotations, expand),
    value,
  };
}

function mapValues(texts: StringMap, f: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([k, v]) => [k, f(v)]));
}

/** An empty label is an absent one. */
function withoutEmpty(labels: StringMap): StringMap {
  return Object.fromEntries(Object.entries(labels).filter(([, v]) => v !== ""));
}
