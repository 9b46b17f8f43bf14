import type { StringMap } from "../core/alerts";
import type { Matcher } from "../core/matchers";
import { type Result, err, ok } from "../core/result";
import { labelOf } from "../core/alerts";
import { compareStrings } from "../core/labels";
import type { Silence } from "./model";
import { matcherPredicate, renderRouteMatchers } from "./routing";
import { NO_END_MS } from "./schedule";
import { type ScheduleInput, type ScheduleRefusal, readSchedule } from "./schedule-input";
import { silenceState } from "./silences";
import type { RouterState } from "./state";

export interface SilenceInput {
  readonly id?: string | undefined;
  readonly matchers: Silence["matchers"];
  /** Where there is a schedule they are not needed, and bound it. */
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
  /** Makes the silence recur. */
  readonly schedule?: ScheduleInput | undefined;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: StringMap | undefined;
}

export type SilenceRefusal =
  | TimesRefusal
  | MatchersRefusal
  | { readonly reason: "unknown_id"; readonly id: string }
  | { readonly reason: "too_many"; readonly limit: number };

export type MatchersRefusal =
  | { readonly reason: "no_matchers" }
  /** Every matcher matches the empty text: it would silence everything. */
  | { readonly reason: "matches_everything" };

export type TimesRefusal =
  /** Neither a start and an end nor a schedule. */
  | { readonly reason: "no_times" }
  | { readonly reason: "ends_before_it_starts" }
  | { readonly reason: "ended_already" }
  | ScheduleRefusal;

export const MAX_SILENCES = 1_000;
/** Expired silences stay in the list for this long. */
const KEPT_MS = 5 * 24 * 3_600_000;

/**
 * Makes a silence, or changes the one whose id is given, as Alertmanager does (silence.Silences.Set): one whose
 * matchers change, or that has expired, gives way to a new one with an id of its own.
 */
export function putSilence(
  state: RouterState,
  input: SilenceInput,
  newId: string,
  nowMs: number,
): Result<Silence, SilenceRefusal> {
  const former = input.id === undefined ? undefined : state.silences.get(input.id);
  if (input.id !== undefined && former === undefined)
    return err({ reason: "unknown_id", id: input.id });
  const stays = former !== undefined && mayChange(former, input, nowMs);
  if (!stays && state.silences.size >= MAX_SILENCES)
    return err({ reason: "too_many", limit: MAX_SILENCES });
  const made = checkSilence(input, stays ? former : undefined, newId, nowMs);
  if (!made.ok) return made;
  if (former !== undefined && !stays) expireSilence(state, former.id, nowMs);
  state.silences.set(made.value.id, made.value);
  state.dirty.silences.add(made.value.id);
  return made;
}

/** Ends a silence now; false where none is left to end. */
export function expireSilence(state: RouterState, id: string, nowMs: number): boolean {
  const silence = state.silences.get(id);
  if (silence === undefined || silenceState(silence, nowMs) === "expired") return false;
  const startsAtMs = Math.min(silence.startsAtMs, nowMs);
  state.silences.set(id, { ...silence, startsAtMs, endsAtMs: nowMs, updatedAtMs: nowMs });
  state.dirty.silences.add(id);
  return true;
}

export function dropOldSilences(state: RouterState, nowMs: number): void {
  for (const s of state.silences.values()) {
    if (s.endsAtMs + KEPT_MS > nowMs) continue;
    state.silences.delete(s.id);
    state.dirty.silences.add(s.id);
  }
}

/** Checks the matchers of what takes alerts out. */
export function checkMatchers(matchers: readonly Matcher[]): Result<true, MatchersRefusal> {
  if (matchers.length === 0) return err({ reason: "no_matchers" });
  // As Alertmanager has it, `a!="b"` is a choice although it holds where there is no label `a`.
  const isPositive = (m: Matcher): boolean => m.type === "=" || m.type === "=~";
  if (matchers.every((m) => isPositive(m) && matcherPredicate([m])({})))
    return err({ reason: "matches_everything" });
  return ok(true);
}

/** When something holds: from a start to an end, or by a schedule. A start in the past becomes now. */
export function checkTimes(
  input: Pick<SilenceInput, "startsAtMs" | "endsAtMs" | "schedule">,
  nowMs: number,
): Result<Pick<Silence, "startsAtMs" | "endsAtMs" | "schedule">, TimesRefusal> {
  if (input.schedule !== undefined) {
    const { startsAtMs, endsAtMs } = input;
    const read = readSchedule(input.schedule, nowMs, {
      ...(startsAtMs === undefined ? {} : { startsAtMs }),
      ...(endsAtMs === undefined ? {} : { endsAtMs }),
    });
    if (!read.ok) return read;
    const schedule = read.value;
    return ok({
      startsAtMs: schedule.fromMs,
      endsAtMs: schedule.untilMs ?? NO_END_MS,
      schedule,
    });
  }
  if (input.startsAtMs === undefined || input.endsAtMs === undefined)
    return err({ reason: "no_times" });
  const startsAtMs = Math.max(input.startsAtMs, nowMs);
  if (input.endsAtMs <= nowMs) return err({ reason: "ended_already" });
  if (input.endsAtMs <= startsAtMs) return err({ reason: "ends_before_it_starts" });
  return ok({ startsAtMs, endsAtMs: input.endsAtMs });
}

/** Matchers that hold exactly the alerts that have these of an alert's labels; all of them unless named. */
export function matchersOf(
  labels: StringMap,
  names: readonly string[] | undefined,
): Result<readonly Matcher[], { readonly reason: "label_absent"; readonly name: string }> {
  const chosen = [...new Set(names ?? Object.keys(labels))].sort(compareStrings);
  const absent = chosen.find((name) => labelOf(labels, name) === "");
  if (absent !== undefined) return err({ reason: "label_absent", name: absent });
  return ok(chosen.map((name) => ({ type: "=", name, value: labelOf(labels, name) })));
}

function checkSilence(
  input: SilenceInput,
  former: Silence | undefined,
  newId: string,
  nowMs: number,
): Result<Silence, SilenceRefusal> {
  const matchers = checkMatchers(input.matchers);
  if (!matchers.ok) return matchers;
  const times = checkTimes(input, nowMs);
  if (!times.ok) return times;
  const { startsAtMs, ...rest } = times.value;
  return ok({
    id: former?.id ?? newId,
    matchers: input.matchers,
    // One that holds goes on to have begun when it did.
    startsAtMs: former !== undefined && former.startsAtMs < nowMs ? former.startsAtMs : startsAtMs,
    ...rest,
    createdBy: input.createdBy,
    comment: input.comment,
    ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
    updatedAtMs: nowMs,
  });
}

function mayChange(former: Silence, input: SilenceInput, nowMs: number): boolean {
  if (renderRouteMatchers(former.matchers) !== renderRouteMatchers(input.matchers)) return false;
  if ((former.schedule === undefined) !== (input.schedule === undefined)) return false;
  if (former.schedule !== undefined) return silenceState(former, nowMs) !== "expired";
  const startsAtMs = input.startsAtMs ?? 0;
  switch (silenceState(former, nowMs)) {
    case "expired":
      return false;
    case "pending":
      return startsAtMs >= nowMs;
    case "active":
      // Its start is history: another second makes it another silence.
      return Math.floor(startsAtMs / 1_000) === Math.floor(former.startsAtMs / 1_000);
  }
}
