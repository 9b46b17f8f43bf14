import type { HoldReason, RoutedAlert } from "./model";
import { type InhibitionIndex, indexInhibition, inhibitedBy } from "./inhibition";
import { mutedBy } from "./mute";
import { type HoldIndex, holdersOf, indexSilences, indexWindows } from "./hold-index";
import type { Route, RouterConfig } from "./config";
import type { RouterState } from "./state";

/** What a stage may look at. */
export interface StageContext {
  readonly state: RouterState;
  readonly config: RouterConfig;
  readonly nowMs: number;
  /** The silences that hold now. */
  readonly silences: () => HoldIndex;
  /** The maintenance windows that hold now. */
  readonly windows: () => HoldIndex;
  /** The route whose group is flushed; undefined where an alert is judged apart from any. */
  readonly route: Route | undefined;
}

/** A stage lets an alert pass or takes it out, and says by what. */
export type StageVerdict =
  | { readonly pass: true }
  | { readonly pass: false; readonly reason: HoldReason; readonly by: readonly string[] };

export interface Stage {
  readonly name: string;
  readonly judge: (alert: RoutedAlert, context: StageContext) => StageVerdict;
}

const PASS: StageVerdict = { pass: true };

/**
 * The stages before the integrations, in order; the first that takes an alert out gives the reason.
 * One more stage is one more entry: it decides by what it is given alone, and names its reason in HoldReason.
 */
export const STAGES: readonly Stage[] = [
  {
    name: "silence",
    judge(alert, { silences }) {
      const by = holdersOf(silences(), alert.labels);
      return by.length === 0 ? PASS : { pass: false, reason: "silenced", by };
    },
  },
  {
    name: "maintenance",
    judge(alert, { windows }) {
      const by = holdersOf(windows(), alert.labels);
      return by.length === 0 ? PASS : { pass: false, reason: "maintenance", by };
    },
  },
  {
    name: "mute",
    judge(_alert, { route, config, nowMs }) {
      const by = route === undefined ? [] : mutedBy(route, config, nowMs);
      return by.length === 0 ? PASS : { pass: false, reason: "muted", by };
    },
  },
  {
    name: "inhibit",
    judge(alert, context) {
      const by = inhibitedBy(inhibitionOf(context), alert.labels);
      return by.length === 0 ? PASS : { pass: false, reason: "inhibited", by };
    },
  },
];

/** What all alerts of one moment are judged by. */
export function contextAt(
  state: RouterState,
  config: RouterConfig,
  nowMs: number,
): Omit<StageContext, "route"> {
  let silenced: HoldIndex | undefined;
  let maintained: HoldIndex | undefined;
  return {
    state,
    config,
    nowMs,
    silences: () => (silenced ??= indexSilences(state.silences.values(), nowMs)),
    windows: () => (maintained ??= indexWindows(state.windows.values(), nowMs)),
  };
}

export function judge(alert: RoutedAlert, context: StageContext): StageVerdict {
  for (const stage of STAGES) {
    const verdict = stage.judge(alert, context);
    if (!verdict.pass) return verdict;
  }
  return PASS;
}

interface CachedIndex {
  readonly config: RouterConfig;
  readonly version: number;
  readonly index: InhibitionIndex;
}

const indexes = new WeakMap<RouterState, CachedIndex>();

/** Built once per change of the firing set: with 10,000 alerts a scan per alert would be too many. */
export function inhibitionOf({
  state,
  config,
}: Pick<StageContext, "state" | "config">): InhibitionIndex {
  const hit = indexes.get(state);
  if (hit !== undefined && hit.config === config && hit.version === state.alertsVersion)
    return hit.index;
  const index = indexInhibition(config.inhibitRules, state.alerts.values());
  indexes.set(state, { config, version: state.alertsVersion, index });
  return index;
}
