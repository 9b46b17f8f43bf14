import { type Labels, labelsKey, labelsOf } from "../core/labels";
import type { Rule, RuleHealth } from "./model";
import { type Alert, type AlertingState, type Cooldown, NO_ALERTS } from "./state";

/** What a rule remembers from one evaluation to the next. */
export interface Progress {
  readonly alerting: AlertingState;
  /** The series a recording rule last wrote, by label set. */
  readonly series: ReadonlyMap<string, Labels>;
  readonly health: RuleHealth;
  readonly lastError: string;
}

export const NO_PROGRESS: Progress = {
  alerting: NO_ALERTS,
  series: new Map(),
  health: "unknown",
  lastError: "",
};

/**
 * Rules of a group by what makes them the same rule after a change of configuration: kind,
 * name and labels, as in Prometheus; of several alike the first stays the first.
 */
export function ruleKeys(rules: readonly Rule[]): string[] {
  const seen = new Map<string, number>();
  return rules.map((r) => {
    const base = JSON.stringify([r.kind, r.name, labelsOf(r.labels)]);
    const nth = seen.get(base) ?? 0;
    seen.set(base, nth + 1);
    return nth === 0 ? base : `${base}#${nth}`;
  });
}

interface Packed {
  readonly alerts: readonly (Omit<Alert, "value"> & { readonly value: string })[];
  readonly cooldowns: readonly (readonly [string, Cooldown])[];
  readonly series: readonly Labels[];
  readonly health: RuleHealth;
  readonly lastError: string;
}

/** As text for one rule's rows. Values go as text: JSON has no NaN and no infinities. */
export function packProgress(p: Progress): string {
  const packed: Packed = {
    alerts: [...p.alerting.alerts.values()].map((a) => ({ ...a, value: String(a.value) })),
    cooldowns: [...p.alerting.cooldowns],
    series: [...p.series.values()],
    health: p.health,
    lastError: p.lastError,
  };
  return JSON.stringify(packed);
}

export function unpackProgress(text: string): Progress {
  const p = JSON.parse(text) as Packed; // written by packProgress
  return {
    alerting: {
      alerts: new Map(
        p.alerts.map((a) => [labelsKey(labelsOf(a.labels)), { ...a, value: Number(a.value) }]),
      ),
      cooldowns: new Map(p.cooldowns),
    },
    series: new Map(p.series.map((s) => [labelsKey(s), s])),
    health: p.health,
    lastError: p.lastError,
  };
}
