import { BEACON_LIMITS } from "../../../ingest/beacon/parse";
import { EVENT_LIMITS } from "../../../ingest/native-events/limits";
import {
  anyObject,
  count,
  dateTime,
  described,
  empty,
  json,
  jsonBody,
  limit,
  list,
  query,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family } from "../model";
import { BATCH_PROBLEMS, STORE_PROBLEMS, together } from "../shared-problems";
import { IDEMPOTENCY_KEY } from "./ingest-metrics";
import { fromParameter, toParameter } from "./time-span";

const stored = { accepted: count, duplicates: count, rejected: list(ref("RejectedEvent")) };
const span = [fromParameter("24 hours before `to`"), toParameter];

export const eventFamily: Family = {
  tag: "Events",
  description: "Product events: in from servers and from pages, out as lists and totals.",
  dialect: "vedette",
  operations: [
    {
      method: "post",
      path: "/api/v1/ingest/events",
      id: "ingestEvents",
      summary: "Send product events",
      description: `One event, a list of them, or \`{"events": […]}\`: at most ${EVENT_LIMITS.perRequest} and 4 MiB. An event with an id is kept once; one without, once per Idempotency-Key, or per body where every event has a time. One that is wrong is rejected by itself.`,
      scope: "ingest",
      parameters: [IDEMPOTENCY_KEY],
      body: jsonBody(
        {
          oneOf: [
            ref("EventInput"),
            list(ref("EventInput")),
            record({ events: list(ref("EventInput")) }),
          ],
        },
        "The events; gzip and deflate are undone. text/plain is read as JSON too.",
      ),
      answers: {
        200: json("What became of each.", record(stored)),
        400: {
          description: "`events_rejected`: none was taken.",
          content: {
            "application/problem+json": { allOf: [ref("Problem"), record(stored)] },
          },
        },
      },
      problems: together(BATCH_PROBLEMS, STORE_PROBLEMS, {
        400: ["events_malformed", "events_rejected"],
        413: ["too_many_events"],
      }),
    },
    {
      method: "get",
      path: "/b.js",
      id: "getBeaconScript",
      summary: "The script that sends a page's events",
      scope: "none",
      answers: {
        200: { description: "The script.", content: { "text/javascript": string } },
      },
    },
    {
      method: "post",
      path: "/e",
      id: "sendBeacon",
      summary: "Send a page's events",
      description:
        "As the script sends them with navigator.sendBeacon. Nothing is kept of a visitor who asks not to be tracked (DNT, Sec-GPC), nor of robots; events that are wrong are left out.",
      scope: "beacon",
      body: {
        description: `At most ${BEACON_LIMITS.events} events and ${BEACON_LIMITS.bodyBytes / 1024} KiB, as JSON whatever the type.`,
        required: true,
        content: { "text/plain": ref("Beacon"), "application/json": ref("Beacon") },
      },
      answers: { 204: empty("Taken, or silently left.") },
      problems: together(BATCH_PROBLEMS, STORE_PROBLEMS, {
        400: ["beacon_malformed"],
        403: ["origin_refused"],
        413: ["too_many_events"],
      }),
    },
    {
      method: "options",
      path: "/e",
      id: "preflightBeacon",
      summary: "Whether a page of another origin may send JSON",
      description: "A browser asks before a page's own fetch; the key stands in the address.",
      scope: "beacon",
      answers: { 204: empty("It may: the CORS headers say so.") },
      problems: { 403: ["origin_refused"] },
    },
    {
      method: "get",
      path: "/api/v1/events",
      id: "listEvents",
      summary: "List product events, newest first",
      scope: "read",
      parameters: [
        query("event", string, "The event's name."),
        query("user", string, "The user, anonymous or visitor id."),
        ...span,
        limit(100, 1_000),
      ],
      answers: { 200: json("The events.", record({ events: list(ref("Event")) })) },
      problems: together(STORE_PROBLEMS, { 400: ["query_invalid"] }),
    },
    {
      method: "get",
      path: "/api/v1/events/summary",
      id: "summariseEvents",
      summary: "Totals of a span of time",
      scope: "read",
      parameters: span,
      answers: {
        200: json(
          "The totals.",
          record({
            from: dateTime,
            to: dateTime,
            events: count,
            visitors: count,
            sessions: count,
            page_views: count,
            by_event: list(record({ event: string, count })),
            top_pages: list(record({ path: string, count })),
          }),
        ),
      },
      problems: together(STORE_PROBLEMS, { 400: ["query_invalid"] }),
    },
  ],
  schemas: {
    EventInput: {
      description:
        "An event as the common senders write it. Members that are not named here join the properties.",
      ...record(
        {},
        {
          event: described(
            { type: "string", maxLength: EVENT_LIMITS.nameLength },
            "The name, required; also `event_name`, `name`, `event_type`, `action` or `type`.",
          ),
          id: {
            type: ["string", "number"],
            description: "Also `event_id`, `message_id` or `insert_id`.",
          },
          timestamp: {
            type: ["string", "number"],
            description:
              "ISO 8601, or seconds or milliseconds since the epoch; also `time` or `ts`. The time of arrival unless given.",
          },
          user_id: { type: ["string", "number"], description: "Also `userId` or `distinct_id`." },
          anonymous_id: {
            type: ["string", "number"],
            description: "Also `anonymousId` or `device_id`.",
          },
          session_id: { type: ["string", "number"], description: "Also `sessionId`." },
          url: described(string, "Address of the page; its path is kept."),
          referrer: described(string, "Its host is kept."),
          ip: described(string, "Of the visitor: for the visitor id alone, kept nowhere."),
          user_agent: described(string, "Of the visitor: device, browser and system are kept."),
          country: described(string, "ISO 3166-1 alpha-2."),
          properties: described(
            anyObject,
            `At most ${EVENT_LIMITS.propertyBytes} bytes of JSON; also \`props\`, \`attributes\` or \`data\`.`,
          ),
        },
      ),
    },
    RejectedEvent: record({
      index: described(count, "Place in the request, from 0."),
      reason: string,
      detail: string,
    }),
    Beacon: record(
      {
        e: list(
          record(
            { n: described(string, "Name.") },
            {
              i: described(string, "Id."),
              t: described(
                { type: "number" },
                "Milliseconds since the epoch, by the browser's clock.",
              ),
              u: described(string, "Address of the page."),
              r: described(string, "Referrer."),
              d: described(string, "User id."),
              p: described(anyObject, "Properties."),
            },
          ),
        ),
      },
      { s: described({ type: "number" }, "When it was sent, by the browser's clock.") },
    ),
    Event: record(
      { id: string, event: string, timestamp: dateTime, properties: anyObject },
      {
        user_id: string,
        anonymous_id: string,
        visitor_id: string,
        session_id: string,
        path: string,
        referrer: string,
        country: string,
        device: string,
        browser: string,
        os: string,
      },
    ),
  },
};
