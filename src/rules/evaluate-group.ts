import type { Clock } from "../core/clock";
import type { Queryable } from "../core/metric-store";
import { coalesced } from "./coalesce";
import {
  type Evaluated,
  type EvaluationContext,
  type RuleSettings,
  evaluateRule,
} from "./evaluate";
import type { RunningGroup, RunningRule } from "./group";
import { type PendingSample, PendingSamples } from "./pending";
import type { Progress } from "./progress";

/** On the grid every rule is evaluated; on a write the alerting rules alone. */
export type Occasion = "grid" | "write";

export interface GroupEvaluation {
  readonly queryable: Queryable;
  readonly clock: Clock;
  readonly atMs: number;
  readonly occasion: Occasion;
  /** On a write: the alerting rules to evaluate; all of them where it is absent. */
  readonly only?: ReadonlySet<RunningRule>;
  readonly settings: RuleSettings;
  /** @see EvaluationContext.seen */
  readonly seen?: NonNullable<EvaluationContext["seen"]>;
  /** A fault of a rule that is no named failure; the others go on. */
  readonly onFault: (rule: RunningRule, error: unknown) => void;
}

export interface GroupEvaluated {
  /** What is to be written in one batch. */
  readonly samples: readonly PendingSample[];
  /** The rules of which something must be stored before its effects are let out. */
  readonly changed: ReadonlyMap<string, Progress>;
}

/** After this a group's remaining rules fail as timed out: the next time of the grid must not wait for ever. */
export const GROUP_TIMEOUT_MS = 120_000;

/**
 * Evaluates a group's rules in their order, all at one timestamp. Rules that do not read what those
 * before them give are asked together, so that they cost one call to the store.
 */
export async function evaluateGroup(
  group: RunningGroup,
  e: GroupEvaluation,
): Promise<GroupEvaluated> {
  const began = e.clock();
  const samples: PendingSample[] = [];
  const changed = new Map<string, Progress>();
  const ctx: EvaluationContext = {
    queryable: coalesced(e.queryable),
    atMs: e.atMs,
    queryOffsetMs: group.spec.queryOffsetMs ?? e.settings.queryOffsetMs,
    limit: group.spec.limit,
    settings: e.settings,
    pending: new PendingSamples(),
    ...(e.seen === undefined ? {} : { seen: e.seen }),
  };
  for (const wave of e.occasion === "grid" ? group.waves : group.alertWaves) {
    const chosen = wave.filter((r) => isDue(r, e));
    if (chosen.length === 0) continue;
    const late = e.clock() - began > GROUP_TIMEOUT_MS;
    const done = await Promise.all(
      chosen.map((r) => (late ? timedOut(r) : evaluateOne(r, ctx, e))),
    );
    for (const [i, r] of chosen.entries()) {
      const d = done[i] as Evaluated; // one for each rule of the wave
      r.progress = d.progress;
      if (r.rule.kind === "alerting") r.alertsAtMs = e.atMs;
      if (d.changed) changed.set(r.key, d.progress);
      if (e.occasion === "grid" || d.changed) for (const s of d.samples) samples.push(s);
    }
  }
  if (e.occasion === "grid") group.evaluationMs = e.clock() - began;
  return { samples, changed };
}

function isDue(r: RunningRule, e: GroupEvaluation): boolean {
  if (r.rule.kind === "recording") return true;
  // An evaluation on write may have looked later than this time of the grid: it has said what there is to say.
  return e.atMs > r.alertsAtMs && (e.only?.has(r) ?? true);
}

async function evaluateOne(
  r: RunningRule,
  ctx: EvaluationContext,
  e: GroupEvaluation,
): Promise<Evaluated> {
  const began = e.clock();
  try {
    return await evaluateRule(r, r.progress, ctx);
  } catch (error) {
    // A fault of one rule must not keep the others from being judged.
    e.onFault(r, error);
    return failed(r, error instanceof Error ? error.message : String(error));
  } finally {
    r.lastEvaluationMs = ctx.atMs;
    r.evaluationMs = e.clock() - began;
  }
}

function timedOut(r: RunningRule): Evaluated {
  return failed(r, `the group's evaluation took more than ${GROUP_TIMEOUT_MS / 1000} s`);
}

/** State and series stay; the error is not stored, as it need not outlive a restart. */
function failed(r: RunningRule, lastError: string): Evaluated {
  return { progress: { ...r.progress, health: "err", lastError }, changed: false, samples: [] };
}
