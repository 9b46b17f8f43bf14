import { HeartbeatBody } from "../../../heartbeats/input";
import {
  boolean,
  count,
  described,
  empty,
  epochMs,
  json,
  jsonBody,
  list,
  nullable,
  oneOf,
  record,
  ref,
  string,
  stringMap,
  yaml,
} from "../json-schema";
import type { Answer, Family, Operation } from "../model";
import { JSON_PROBLEMS, TEXT_PROBLEMS, together } from "../shared-problems";

const stored: Answer = {
  description: "The ping is stored.",
  content: { "text/plain": described(string, "OK") },
};

const ping = (method: "get" | "post", id: string): Operation => ({
  method,
  path: "/api/v1/heartbeat/{key}",
  id,
  summary: "Say that a job has run",
  description:
    "The key is the secret; a POST may have a body, whose first 1,000 characters are kept.",
  scope: "none",
  answers: { 200: stored },
  problems: { 404: ["heartbeat_unknown"] },
});

const signal = (method: "get" | "post", id: string): Operation => ({
  ...ping(method, id),
  path: "/api/v1/heartbeat/{key}/{signal}",
  summary:
    "Say that a job starts (`start`), has failed (`fail`), or ended with an exit code (0 to 255)",
  problems: { 400: ["heartbeat_signal_unknown"], 404: ["heartbeat_unknown"] },
});

const address = record({
  name: string,
  ping_url: described(string, "Where the job pings: it is a secret."),
});

export const heartbeatFamily: Family = {
  tag: "Heartbeats",
  description:
    "Dead-man's switches: jobs ping an address, and an alert fires when a ping stays away.",
  dialect: "vedette",
  operations: [
    ping("get", "pingHeartbeat"),
    ping("post", "pingHeartbeatWithNote"),
    signal("get", "signalHeartbeat"),
    signal("post", "signalHeartbeatWithNote"),
    {
      method: "get",
      path: "/api/v1/heartbeats",
      id: "listHeartbeats",
      summary: "Heartbeats with their last pings",
      scope: "read",
      answers: { 200: json("By name.", record({ heartbeats: list(ref("Heartbeat")) })) },
    },
    {
      method: "post",
      path: "/api/v1/heartbeats",
      id: "putHeartbeat",
      summary: "Make a heartbeat, or change the one of this name",
      scope: "admin",
      body: jsonBody(HeartbeatBody, "What is expected: either `every` or `cron`."),
      answers: { 200: json("It was changed.", address), 201: json("It was made.", address) },
      problems: together(JSON_PROBLEMS, { 429: ["heartbeats_too_many"] }),
    },
    {
      method: "get",
      path: "/api/v1/heartbeats/{name}",
      id: "getHeartbeat",
      summary: "One heartbeat",
      scope: "read",
      answers: { 200: json("The heartbeat.", ref("Heartbeat")) },
      problems: { 404: ["heartbeat_unknown"] },
    },
    {
      method: "delete",
      path: "/api/v1/heartbeats/{name}",
      id: "removeHeartbeat",
      summary: "Expect it no more; its alert resolves",
      scope: "admin",
      answers: { 204: empty("It is gone.") },
      problems: { 404: ["heartbeat_unknown"] },
    },
    {
      method: "post",
      path: "/api/v1/heartbeats/{name}/key",
      id: "replaceHeartbeatKey",
      summary: "Give it another address; the old one is good for nothing at once",
      scope: "admin",
      answers: { 200: json("The new address.", address) },
      problems: { 404: ["heartbeat_unknown"] },
    },
    {
      method: "get",
      path: "/config/v1/heartbeats",
      id: "getHeartbeatFile",
      summary: "The heartbeats' file as it was put",
      scope: "read",
      answers: { 200: yaml("`heartbeats:` with a list.") },
    },
    {
      method: "put",
      path: "/config/v1/heartbeats",
      id: "putHeartbeatFile",
      summary: "Replace the heartbeats that came from a file; those made by API stay",
      scope: "admin",
      body: {
        description: "`heartbeats:` with a list, each in the fields of `putHeartbeat`.",
        required: true,
        content: { "application/yaml": string },
      },
      answers: {
        200: json(
          "They are expected.",
          record({ version: count, heartbeats: count, removed: count }),
        ),
      },
      problems: together(TEXT_PROBLEMS, {
        400: ["heartbeats_invalid"],
        429: ["heartbeats_too_many"],
      }),
    },
  ],
  schemas: {
    Heartbeat: record(
      {
        name: string,
        status: oneOf(["new", "up", "running", "late", "missing", "paused"]),
        grace: string,
        severity: string,
        labels: stringMap,
        annotations: stringMap,
        paused: boolean,
        origin: oneOf(["api", "config"]),
        last_success_ms: nullable(epochMs),
        expected_ms: described(nullable(epochMs), "When the next ping is expected."),
        due_ms: described(nullable(epochMs), "From when on its absence is an alert."),
        missing: nullable(
          record({ since_ms: epochMs, reason: oneOf(["missed", "overrun", "failed"]) }),
        ),
        pings: described(list(ref("Ping")), "The last 20, newest first."),
      },
      {
        every: string,
        cron: string,
        time_zone: string,
        max_run: string,
        ping_url: described(string, "For tokens with scope admin."),
      },
    ),
    Ping: record({
      at_ms: epochMs,
      kind: oneOf(["success", "start", "fail"]),
      exit_code: nullable(count),
      note: nullable(string),
      run_ms: described(nullable(count), "From `/start`, where that came."),
    }),
  },
};
