import { SEVERITIES } from "../../../incidents/model";
import { AssignBody, NoteBody, ResolveBody } from "../../incidents/routes";
import {
  count,
  dateTime,
  described,
  json,
  jsonBody,
  limit,
  list,
  nullable,
  number,
  oneOf,
  query,
  record,
  ref,
  string,
  stringMap,
  yaml,
} from "../json-schema";
import type { Family } from "../model";
import { JSON_PROBLEMS, TEXT_PROBLEMS, together } from "../shared-problems";

const status = oneOf(["open", "acknowledged", "resolved"]);
const changed = { 200: json("The incident as it is now.", ref("Incident")) };

const summary = {
  id: string,
  title: string,
  severity: oneOf(SEVERITIES),
  status,
  assignee: nullable(string),
  alerts_firing: count,
  group_key: string,
  opened_at: dateTime,
  acknowledged_at: nullable(dateTime),
  acknowledged_by: nullable(string),
  resolved_at: nullable(dateTime),
  resolved_by: nullable(string),
};

export const incidentFamily: Family = {
  tag: "Incidents",
  description: "What a group of alerts became, its timeline, and what people do about it.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/api/v1/incidents",
      id: "listIncidents",
      summary: "List incidents, newest first",
      scope: "read",
      parameters: [query("status", status, "Only incidents of this status."), limit(50, 500)],
      answers: {
        200: json("The incidents.", record({ incidents: list(ref("IncidentSummary")) })),
      },
      problems: { 400: ["limit_wrong", "status_wrong"] },
    },
    {
      method: "get",
      path: "/api/v1/incidents/{id}",
      id: "getIncident",
      summary: "An incident with its timeline",
      scope: "read",
      answers: { 200: json("The incident.", ref("Incident")) },
      problems: { 404: ["incident_unknown"] },
    },
    {
      method: "post",
      path: "/api/v1/incidents/{id}/acknowledge",
      id: "acknowledgeIncident",
      summary: "Acknowledge: the escalation stops",
      scope: "admin",
      answers: changed,
      problems: together(JSON_PROBLEMS, {
        404: ["incident_unknown"],
        409: ["incident_acknowledged", "incident_resolved"],
      }),
    },
    {
      method: "post",
      path: "/api/v1/incidents/{id}/resolve",
      id: "resolveIncident",
      summary: "Resolve",
      scope: "admin",
      body: { ...jsonBody(ResolveBody, "A note, where there is one."), required: false },
      answers: changed,
      problems: together(JSON_PROBLEMS, { 404: ["incident_unknown"], 409: ["incident_resolved"] }),
    },
    {
      method: "post",
      path: "/api/v1/incidents/{id}/assign",
      id: "assignIncident",
      summary: "Assign to somebody",
      scope: "admin",
      body: jsonBody(AssignBody, "To whom."),
      answers: changed,
      problems: together(JSON_PROBLEMS, { 404: ["incident_unknown"], 409: ["incident_resolved"] }),
    },
    {
      method: "post",
      path: "/api/v1/incidents/{id}/notes",
      id: "addIncidentNote",
      summary: "Add a note to the timeline",
      scope: "admin",
      body: jsonBody(NoteBody, "The note."),
      answers: changed,
      problems: together(JSON_PROBLEMS, { 404: ["incident_unknown"] }),
    },
    {
      method: "get",
      path: "/config/v1/escalation",
      id: "getEscalation",
      summary: "Who is notified while nobody acknowledges",
      scope: "read",
      answers: { 200: yaml("The escalation file in force.") },
    },
    {
      method: "put",
      path: "/config/v1/escalation",
      id: "putEscalation",
      summary: "Replace the escalation file",
      description: "For each severity the steps, their times and receivers.",
      scope: "admin",
      body: {
        description: "YAML, at most 64 KiB; gzip is undone.",
        required: true,
        content: { "application/yaml": string },
      },
      answers: {
        200: json(
          "It is in force for incidents opened from now on.",
          record({ version: count, policies: described(list(string), "Severities.") }),
        ),
      },
      problems: together(TEXT_PROBLEMS, {
        400: [
          "escalation_yaml_malformed",
          "escalation_field_unknown",
          "escalation_field_missing",
          "escalation_value_wrong",
          "escalation_steps_out_of_order",
          "escalation_receiver_unknown",
        ],
      }),
    },
  ],
  schemas: {
    IncidentSummary: record({ ...summary, alerts: count }),
    Incident: record({
      ...summary,
      receiver: string,
      group_labels: stringMap,
      common_labels: stringMap,
      common_annotations: stringMap,
      alerts: list(
        record({
          fingerprint: string,
          status: oneOf(["firing", "resolved"]),
          labels: stringMap,
          annotations: stringMap,
          starts_at: dateTime,
        }),
      ),
      escalation: record({
        policy: string,
        steps: list(record({ after_seconds: number, receivers: list(string) })),
        next_step: described({ type: "integer" }, "From 1; past the last when all were taken."),
        round: { type: "integer" },
        due_at: nullable(dateTime),
        held_by: described(list(string), "Maintenance windows, by name, that stop its clock."),
      }),
      timeline: list(record({ at: dateTime, author: string, kind: string, text: string })),
    }),
  },
};
