import type { FlapSettings, StringMap } from "../core/alerts";

/** A rule that stores its expression's value under a new name. */
export interface RecordingRule {
  readonly kind: "recording";
  /** The metric's name. */
  readonly name: string;
  readonly expr: string;
  /** The group's labels and the rule's own. */
  readonly labels: StringMap;
}

/** A rule that alerts for every series of its expression. */
export interface AlertingRule {
  readonly kind: "alerting";
  /** The value of the label `alertname`. */
  readonly name: string;
  readonly expr: string;
  /** Templates; the group's labels and the rule's own. */
  readonly labels: StringMap;
  /** Templates. */
  readonly annotations: StringMap;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Within this time of its last notification a label set that fires anew is held back; 0 for never. */
  readonly cooldownMs: number;
  /** When one of its alerts counts as flapping; absent: never. */
  readonly flap?: FlapSettings;
}

export type Rule = RecordingRule | AlertingRule;

/** One group of a Prometheus rule file, checked. */
export interface RuleGroupSpec {
  /** Of the stored configuration; a lower one than known is out of date. */
  readonly version: number;
  readonly namespace: string;
  readonly name: string;
  readonly intervalMs: number;
  /** Series a recording rule, or alerts an alerting rule, may have; 0 for any number. */
  readonly limit: number;
  /** How far back in time the expressions are evaluated; absent: as the deployment sets it. */
  readonly queryOffsetMs?: number;
  readonly rules: readonly Rule[];
}

export const DEFAULT_INTERVAL_MS = 15_000;

export type RuleHealth = "unknown" | "ok" | "err";

/** What `RuleGroup.state()` answers. Times are ms since the epoch, 0 for never. */
export interface GroupState {
  readonly namespace: string;
  readonly name: string;
  readonly intervalMs: number;
  readonly limit: number;
  readonly evaluationMs: number;
  readonly lastEvaluationMs: number;
  /** Times of the grid at which nothing was evaluated. */
  readonly missedEvaluations: number;
  readonly rules: readonly RuleState[];
}

export interface RuleState {
  readonly rule: Rule;
  readonly health: RuleHealth;
  readonly lastError: string;
  readonly evaluationMs: number;
  readonly lastEvaluationMs: number;
  readonly alerts: readonly AlertView[];
}

export interface AlertView {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly state: "pending" | "firing";
  readonly activeAtMs: number;
  readonly keepFiringSinceMs?: number;
  /** As text, because JSON has no NaN and no infinities. */
  readonly value: string;
  readonly heldBackUntilMs?: number;
}

/** The name of a group's object, of its configuration and of its firing set. Parts are escaped, so that a slash parts them. */
export function groupKey(namespace: string, group: string): string {
  return `${encodeURIComponent(namespace)}/${encodeURIComponent(group)}`;
}
