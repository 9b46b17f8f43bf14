import type { Matcher } from "../core/matchers";
import { type Result, err, ok } from "../core/result";
import type { ScheduleInput } from "./schedule-input";
import {
  type MatchersRefusal,
  type TimesRefusal,
  checkMatchers,
  checkTimes,
} from "./silence-input";
import { type Outcome, type RouterSettings, type RouterState, receiverByName } from "./state";
import { putWindow, turnWindows } from "./window-turns";
import { type MaintenanceWindow, windowState } from "./windows";

export interface WindowInput {
  /** Of the window to change; absent for a new one. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
  readonly schedule?: ScheduleInput | undefined;
  readonly notify?: string | undefined;
  readonly comment: string;
}

export type WindowRefusal =
  | TimesRefusal
  | MatchersRefusal
  | { readonly reason: "unknown_id"; readonly id: string }
  /** It is cancelled or nothing of it is to come: what happened then stays as it was. */
  | { readonly reason: "over" }
  | { readonly reason: "receiver_unknown"; readonly name: string }
  | { readonly reason: "too_many"; readonly limit: number };

export const MAX_WINDOWS = 200;

/** Checks a maintenance window and puts it in force. */
export function makeWindow(
  state: RouterState,
  settings: RouterSettings,
  input: WindowInput,
  { newId, by }: { readonly newId: string; readonly by: string },
  nowMs: number,
  out: Outcome,
): Result<MaintenanceWindow, WindowRefusal> {
  // What time alone has decided by now comes first, should its timer be late.
  turnWindows(state, settings, nowMs, out);
  const former = input.id === undefined ? undefined : state.windows.get(input.id);
  if (input.id !== undefined && former === undefined)
    return err({ reason: "unknown_id", id: input.id });
  if (former !== undefined && ["cancelled", "ended"].includes(windowState(former, nowMs)))
    return err({ reason: "over" });
  if (former === undefined && state.windows.size >= MAX_WINDOWS)
    return err({ reason: "too_many", limit: MAX_WINDOWS });
  if (input.notify !== undefined && receiverByName(settings.config, input.notify) === undefined)
    return err({ reason: "receiver_unknown", name: input.notify });
  const matchers = checkMatchers(input.matchers);
  if (!matchers.ok) return matchers;
  const times = checkTimes(input, nowMs);
  if (!times.ok) return times;
  const { startsAtMs, ...rest } = times.value;
  const beganMs = rest.schedule === undefined ? former?.running?.startMs : undefined;
  const window: MaintenanceWindow = {
    id: former?.id ?? newId,
    name: input.name,
    matchers: input.matchers,
    comment: input.comment,
    createdBy: former?.createdBy ?? by,
    createdAtMs: former?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
    // One that holds goes on to have begun when it did.
    startsAtMs: beganMs !== undefined && startsAtMs <= nowMs ? beganMs : startsAtMs,
    ...rest,
    ...(input.notify === undefined ? {} : { notify: input.notify }),
    events: [],
  };
  return ok(putWindow(state, settings, window, by, nowMs, out));
}
