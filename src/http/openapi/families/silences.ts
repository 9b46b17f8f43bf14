import { AlertSilenceBody, SilenceBody } from "../../alerting/silences";
import { WindowBody } from "../../alerting/windows";
import {
  anyObject,
  boolean,
  dateTime,
  described,
  empty,
  json,
  jsonBody,
  list,
  oneOf,
  query,
  record,
  ref,
  string,
  stringMap,
} from "../json-schema";
import type { Family } from "../model";
import { JSON_PROBLEMS, together } from "../shared-problems";

const MATCHERS_AND_TIMES = [
  "matcher_invalid",
  "no_matchers",
  "matches_everything",
  "times_missing",
  "ends_before_it_starts",
  "ended_already",
  "schedule_invalid",
] as const;

const matcher = record({ name: string, value: string, isRegex: boolean, isEqual: boolean });
const occurrence = record({ startsAt: dateTime, endsAt: dateTime });
const schedule = described(anyObject, "Where it recurs: the schedule as it was put.");

export const silenceFamily: Family = {
  tag: "Silences",
  description: "Silences and maintenance windows, once or recurring.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/api/v1/silences",
      id: "listSilences",
      summary: "List silences",
      scope: "read",
      answers: { 200: json("The silences.", record({ silences: list(ref("Silence")) })) },
    },
    {
      method: "post",
      path: "/api/v1/silences",
      id: "putSilence",
      summary: "Make a silence, or change the one whose id is given",
      scope: "admin",
      body: jsonBody(SilenceBody, "The silence, in Alertmanager's fields, or with a schedule."),
      answers: { 201: json("The silence's id.", record({ silenceID: string })) },
      problems: together(JSON_PROBLEMS, {
        400: MATCHERS_AND_TIMES,
        404: ["silence_unknown"],
        429: ["silences_too_many"],
      }),
    },
    {
      method: "delete",
      path: "/api/v1/silences/{id}",
      id: "expireSilence",
      summary: "End a silence now",
      scope: "admin",
      answers: { 204: empty("It has ended.") },
      problems: { 404: ["silence_unknown"] },
    },
    {
      method: "post",
      path: "/api/v1/alerts/{fingerprint}/silence",
      id: "silenceAlert",
      summary: "Silence what has the same labels as an alert, or those of them that are named",
      scope: "admin",
      parameters: [query("preview", oneOf(["1"]), "Only say what the silence would hold.")],
      body: jsonBody(AlertSilenceBody, "Names of labels, all unless given, and for how long."),
      answers: {
        200: json("What it would be.", ref("SilencePreview")),
        201: json(
          "The silence that was made.",
          record({
            silenceID: string,
            matchers: list(matcher),
            startsAt: dateTime,
            endsAt: dateTime,
            alerts: list(ref("HeldAlert")),
          }),
        ),
      },
      problems: together(JSON_PROBLEMS, {
        404: ["alert_not_firing"],
        429: ["silences_too_many"],
      }),
    },
    {
      method: "get",
      path: "/api/v1/maintenance-windows",
      id: "listMaintenanceWindows",
      summary: "List maintenance windows with what became of them",
      scope: "read",
      answers: {
        200: json("The windows.", record({ windows: list(ref("MaintenanceWindow")) })),
      },
    },
    {
      method: "post",
      path: "/api/v1/maintenance-windows",
      id: "createMaintenanceWindow",
      summary: "Make a maintenance window",
      scope: "admin",
      body: jsonBody(WindowBody, "Matchers, and a start and an end or a schedule."),
      answers: { 201: json("The window.", ref("MaintenanceWindow")) },
      problems: together(JSON_PROBLEMS, {
        400: [...MATCHERS_AND_TIMES, "receiver_unknown"],
        429: ["windows_too_many"],
      }),
    },
    {
      method: "put",
      path: "/api/v1/maintenance-windows/{id}",
      id: "changeMaintenanceWindow",
      summary: "Change a maintenance window",
      scope: "admin",
      body: jsonBody(WindowBody, "As it is to be from now on."),
      answers: { 200: json("The window.", ref("MaintenanceWindow")) },
      problems: together(JSON_PROBLEMS, {
        400: [...MATCHERS_AND_TIMES, "receiver_unknown"],
        404: ["window_unknown"],
        409: ["window_over"],
      }),
    },
    {
      method: "delete",
      path: "/api/v1/maintenance-windows/{id}",
      id: "cancelMaintenanceWindow",
      summary: "End a maintenance window for good",
      scope: "admin",
      answers: { 204: empty("It is cancelled.") },
      problems: { 404: ["window_unknown"] },
    },
  ],
  schemas: {
    Silence: record(
      {
        id: string,
        status: record({ state: oneOf(["active", "pending", "expired"]) }),
        matchers: list(matcher),
        startsAt: dateTime,
        endsAt: dateTime,
        updatedAt: dateTime,
        createdBy: string,
        comment: string,
      },
      {
        annotations: stringMap,
        schedule,
        occurrence: described(occurrence, "Of one that recurs: the stretch that holds."),
        next: described(occurrence, "Of one that recurs: the stretch that comes next."),
      },
    ),
    HeldAlert: record({ fingerprint: string, labels: stringMap, status: string }),
    SilencePreview: record({
      matchers: list(matcher),
      startsAt: dateTime,
      endsAt: dateTime,
      alerts: described(list(ref("HeldAlert")), "Active alerts that it would hold."),
    }),
    MaintenanceWindow: record(
      {
        id: string,
        name: string,
        state: oneOf(["pending", "active", "ended", "cancelled"]),
        matchers: list(matcher),
        startsAt: dateTime,
        endsAt: dateTime,
        comment: string,
        createdBy: string,
        createdAt: dateTime,
        updatedAt: dateTime,
        events: described(
          list(
            record({
              kind: oneOf([
                "window_created",
                "window_changed",
                "window_started",
                "window_ended",
                "window_cancelled",
              ]),
              at: dateTime,
              by: string,
            }),
          ),
          "The latest last, 50 at most.",
        ),
      },
      {
        schedule,
        occurrence: described(occurrence, "The stretch that holds."),
        next: described(occurrence, "The stretch that comes next."),
        notify: described(string, "The receiver that is told of starts and ends."),
      },
    ),
  },
};
