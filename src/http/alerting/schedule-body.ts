import * as z from "zod";
import { checkMatcher } from "../../alerting/matcher-text";
import type { MatchersRefusal, TimesRefusal } from "../../alerting/silence-input";
import type { SilenceView } from "../../alerting/silences";
import type { Occurrence, Schedule } from "../../alerting/schedule";
import type { Matcher, MatchType } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import type { Problem } from "../problem";

/** What silences and maintenance windows have in common: matchers, and when they hold. */

const time = z.iso.datetime({ offset: true }).transform((t) => Date.parse(t));
const names = z.array(z.string().min(1).max(40)).max(40);
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "a time is HH:MM");

export const MatchersBody = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(1_000),
      value: z.string().max(10_000),
      isRegex: z.boolean().default(false),
      isEqual: z.boolean().default(true),
    }),
  )
  .min(1)
  .max(100);

/** Alertmanager's time interval. */
const IntervalBody = z.strictObject({
  times: z
    .array(z.strictObject({ start_time: clock, end_time: clock }))
    .max(20)
    .optional(),
  weekdays: names.optional(),
  days_of_month: names.optional(),
  months: names.optional(),
  years: names.optional(),
  location: z.string().min(1).max(100).optional(),
});

export const ScheduleBody = z.strictObject({
  intervals: z.array(IntervalBody).min(1).max(20),
  first: z.iso.date().optional(),
  last: z.iso.date().optional(),
});

/** A start and an end, or a schedule. */
export const TimesBody = {
  startsAt: time.optional(),
  endsAt: time.optional(),
  schedule: ScheduleBody.optional(),
};

export function readMatchers(body: z.infer<typeof MatchersBody>): Result<Matcher[], Problem> {
  const matchers: Matcher[] = body.map((m) => ({
    type: typeOf(m.isRegex, m.isEqual),
    name: m.name,
    value: m.value,
  }));
  for (const [i, m] of matchers.entries()) {
    const checked = checkMatcher(m);
    if (!checked.ok)
      return err({
        status: 400,
        code: "matcher_invalid",
        detail: checked.error,
        where: `/matchers/${i}`,
      });
  }
  return ok(matchers);
}

export function shownMatchers(matchers: readonly Matcher[]): readonly Record<string, unknown>[] {
  return matchers.map((m) => ({
    name: m.name,
    value: m.value,
    isRegex: m.type.endsWith("~"),
    isEqual: m.type.startsWith("="),
  }));
}

/** The times of something that may recur, as lists show them. */
export function shownTimes(o: {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly schedule?: Schedule;
  readonly occurrence?: Occurrence;
  readonly next?: Occurrence;
}): Record<string, unknown> {
  return {
    startsAt: iso(o.startsAtMs),
    endsAt: iso(o.endsAtMs),
    ...(o.schedule === undefined ? {} : { schedule: o.schedule.written }),
    ...(o.occurrence === undefined ? {} : { occurrence: shownOccurrence(o.occurrence) }),
    ...(o.next === undefined ? {} : { next: shownOccurrence(o.next) }),
  };
}

function shownOccurrence(o: Occurrence): Record<string, string> {
  return { startsAt: iso(o.startMs), endsAt: iso(o.endMs) };
}

export const iso = (ms: number): string => new Date(ms).toISOString();

export function shownSilence(s: SilenceView): Record<string, unknown> {
  return {
    id: s.id,
    status: { state: s.state },
    matchers: shownMatchers(s.matchers),
    ...shownTimes(s),
    updatedAt: iso(s.updatedAtMs),
    createdBy: s.createdBy,
    comment: s.comment,
    ...(s.annotations === undefined ? {} : { annotations: s.annotations }),
  };
}

/** What silences and maintenance windows are both refused for. */
export function commonRefusal(r: MatchersRefusal | TimesRefusal): Problem {
  switch (r.reason) {
    case "no_matchers":
      return { status: 400, code: r.reason, detail: "it needs at least one matcher" };
    case "matches_everything":
      return {
        status: 400,
        code: r.reason,
        detail: "at least one matcher must not match the empty text",
      };
    case "no_times":
      return {
        status: 400,
        code: "times_missing",
        detail: "startsAt and endsAt, or a schedule, say when it holds",
      };
    case "ends_before_it_starts":
      return { status: 400, code: r.reason, detail: "endsAt must lie after startsAt" };
    case "ended_already":
      return { status: 400, code: r.reason, detail: "endsAt lies in the past" };
    case "interval_wrong":
      return wrong(r.message);
    case "over_midnight":
      return wrong(
        "a time that runs over midnight needs days of the week, not of the month or year",
      );
    case "last_before_first":
      return wrong("it ends before it starts");
    case "never_occurs":
      return wrong("no moment to come is in one of the intervals");
  }
}

const wrong = (detail: string): Problem => ({
  status: 400,
  code: "schedule_invalid",
  detail,
  where: "/schedule",
});

function typeOf(isRegex: boolean, isEqual: boolean): MatchType {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}
