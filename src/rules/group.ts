import type { AlertInstance } from "../core/alerts";
import type { Matcher } from "../core/matchers";
import type { TouchedSelectors } from "../core/objects";
import { formatFloat, parseExpr, renderParseError, selectorsOf } from "../promql";
import type { LoadedRule, RuleSettings } from "./evaluate";
import { type Grid, gridOf } from "./grid";
import { generatorUrl, instanceOf } from "./hand-over";
import { type GroupState, type RuleGroupSpec, type RuleState, groupKey } from "./model";
import { NO_PROGRESS, type Progress, ruleKeys } from "./progress";
import { RenderedCandidates } from "./rendered";
import type { Alert } from "./state";
import { compileTemplates } from "./templates";
import { wavesOf } from "./waves";

/** A rule of a running group. */
export interface RunningRule extends LoadedRule {
  readonly key: string;
  progress: Progress;
  evaluationMs: number;
  lastEvaluationMs: number;
  /** The last time it was evaluated for as an alerting rule, on the grid or on a write. */
  alertsAtMs: number;
}

/** A group as it runs: its specification with expressions parsed, and how far each rule has come. */
export interface RunningGroup {
  readonly spec: RuleGroupSpec;
  readonly key: string;
  readonly grid: Grid;
  readonly rules: readonly RunningRule[];
  /** The rules in their order, in runs that may be asked together. */
  readonly waves: readonly (readonly RunningRule[])[];
  /** The alerting rules alone, in runs that may be asked together. */
  readonly alertWaves: readonly (readonly RunningRule[])[];
  /** The last time of the grid that was evaluated, ms; 0 for none since the object woke. */
  gridAtMs: number;
  /** What alerting rules select, and which rules that concerns. */
  readonly watched: readonly WatchedSelector[];
  evaluationMs: number;
}

export interface WatchedSelector {
  readonly matchers: readonly Matcher[];
  readonly rules: readonly RunningRule[];
}

/** Starts a checked specification; rules that are known go on from where they were. */
export function startGroup(
  spec: RuleGroupSpec,
  known: ReadonlyMap<string, Progress>,
): RunningGroup {
  const key = groupKey(spec.namespace, spec.name);
  const keys = ruleKeys(spec.rules);
  const rules = spec.rules.map((rule, i): RunningRule => {
    const parsed = parseExpr(rule.expr);
    if (!parsed.ok)
      throw new Error(`a stored expression does not parse: ${renderParseError(parsed.error)}`);
    const id = keys[i] as string;
    return {
      rule,
      expr: parsed.value,
      templates: compileTemplates(rule),
      rendered: new RenderedCandidates(),
      key: id,
      progress: known.get(id) ?? NO_PROGRESS,
      evaluationMs: 0,
      lastEvaluationMs: 0,
      alertsAtMs: 0,
    };
  });
  const last = lastChangeMs(rules);
  for (const r of rules) r.alertsAtMs = last;
  return {
    spec,
    key,
    grid: gridOf(key, spec.intervalMs),
    rules,
    waves: wavesOf(rules),
    alertWaves: wavesOf(rules.filter((r) => r.rule.kind === "alerting")),
    gridAtMs: 0,
    watched: watchedBy(rules),
    evaluationMs: 0,
  };
}

/** After a restart what the alerts remember is the latest time known to have been judged. */
function lastChangeMs(rules: readonly RunningRule[]): number {
  let last = 0;
  for (const r of rules)
    for (const a of r.progress.alerting.alerts.values())
      last = Math.max(last, a.activeAtMs, a.firedAtMs, a.resolvedAtMs, a.keepFiringSinceMs);
  return last;
}

/** What alerting rules select: a write to it is worth an evaluation. */
function watchedBy(rules: readonly RunningRule[]): WatchedSelector[] {
  const out = new Map<string, { matchers: Matcher[]; rules: RunningRule[] }>();
  for (const r of rules) {
    if (r.rule.kind !== "alerting") continue;
    for (const s of selectorsOf(r.expr)) {
      const matchers = s.matchers.map(({ type, name, value }) => ({ type, name, value }));
      if (s.pinned || isOwnOutput(matchers, r.rule.name)) continue;
      const key = JSON.stringify(matchers);
      const known = out.get(key);
      if (known === undefined) out.set(key, { matchers, rules: [r] });
      else if (!known.rules.includes(r)) known.rules.push(r);
    }
  }
  return [...out.values()];
}

/** What a rule itself writes as it is evaluated is no news to it. */
function isOwnOutput(matchers: readonly Matcher[], alert: string): boolean {
  const is = (name: string, value: string): boolean =>
    matchers.some((m) => m.type === "=" && m.name === name && m.value === value);
  return is("__name__", "ALERTS") && is("alertname", alert);
}

/** The alerting rules that touched selectors concern; all of them where those of another version are told, or none. */
export function touchedRules(
  group: RunningGroup,
  touched: TouchedSelectors | undefined,
): readonly RunningRule[] {
  if (touched === undefined || touched.version !== group.spec.version)
    return group.alertWaves.flat();
  return [...new Set(touched.selectors.flatMap((n) => group.watched[n]?.rules ?? []))];
}

/** The latest time that an alerting rule was evaluated for; 0 for none. */
export function alertsAtMs(group: RunningGroup): number {
  return group.rules.reduce((last, r) => Math.max(last, r.alertsAtMs), 0);
}

/** The group's full firing set, with what resolved of late. Of two rules that give one label set, firing counts. */
export function firingSet(
  group: RunningGroup,
  atMs: number,
  { externalUrl, externalLabels }: RuleSettings,
): AlertInstance[] {
  const out = new Map<string, AlertInstance>();
  const { intervalMs } = group.spec;
  for (const r of group.rules) {
    if (r.rule.kind === "recording") continue;
    const url = generatorUrl(externalUrl, r.rule.expr);
    const o = { atMs, intervalMs, generatorUrl: url, rule: r.rule };
    for (const [key, a] of r.progress.alerting.alerts)
      if (a.phase !== "pending" && (a.phase === "firing" || !out.has(key)))
        out.set(key, instanceOf(a, o, externalLabels));
  }
  return [...out.values()];
}

/** `lastEvaluationMs` stands in for rules that were evaluated before the object slept. */
export function viewGroup(
  group: RunningGroup,
  missedEvaluations: number,
  lastEvaluationMs: number,
): GroupState {
  return {
    namespace: group.spec.namespace,
    name: group.spec.name,
    intervalMs: group.spec.intervalMs,
    limit: group.spec.limit,
    evaluationMs: group.evaluationMs,
    lastEvaluationMs: Math.max(group.gridAtMs, alertsAtMs(group)) || lastEvaluationMs,
    missedEvaluations,
    rules: group.rules.map((r) => viewRule(r, lastEvaluationMs)),
  };
}

function viewRule(r: RunningRule, lastEvaluationMs: number): RuleState {
  const known = r.progress.health !== "unknown";
  return {
    rule: r.rule,
    health: r.progress.health,
    lastError: r.progress.lastError,
    evaluationMs: r.evaluationMs,
    lastEvaluationMs: r.lastEvaluationMs || (known ? lastEvaluationMs : 0),
    alerts: [...r.progress.alerting.alerts.values()].flatMap(viewAlert),
  };
}

function viewAlert(a: Alert): RuleState["alerts"] {
  if (a.phase === "resolved") return [];
  return [
    {
      labels: a.labels,
      annotations: a.annotations,
      state: a.phase,
      activeAtMs: a.activeAtMs,
      value: formatFloat(a.value),
      ...(a.keepFiringSinceMs === 0 ? {} : { keepFiringSinceMs: a.keepFiringSinceMs }),
      ...(a.heldUntilMs === 0 ? {} : { heldBackUntilMs: a.heldUntilMs }),
    },
  ];
}
