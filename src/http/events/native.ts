import type { Context } from "hono";
import { checkMediaType } from "../../ingest/body/content";
import { parseJson } from "../../ingest/body/json";
import { NATIVE_BODY_LIMIT } from "../../ingest/body/limits";
import { EVENT_LIMITS } from "../../ingest/native-events/limits";
import { parseEvents, type RejectedEvent } from "../../ingest/native-events/parse";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { bodyBatchId, clientBatchId } from "../ingest-metrics/batch-id";
import { bodyProblem } from "../ingest-metrics/problems";
import { problem } from "../problem";
import { refusalProblem } from "../store-refusal";
import { requestClient } from "./client";
import { storeEvents } from "./store-events";

/**
 * `POST /api/v1/ingest/events`. An event with an id is kept once. One without is kept once per
 * `Idempotency-Key`, or per body where every event carries a time; else at least once.
 * 200 with what became of each; 400 where nothing could be taken.
 */
export async function nativeEvents(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const media = checkMediaType(c.req.header("content-type"), [
    "application/json",
    // What curl -d says of any body.
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
  ]);
  if (!media.ok) return bodyProblem(c, media.error);
  const body = await readBody(c.req.raw, {
    limitBytes: NATIVE_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return bodyProblem(c, body.error);
  const json = parseJson(body.value);
  if (!json.ok) return bodyProblem(c, json.error);
  const parsed = parseEvents(json.value, deps.clock());
  if (!parsed.ok) {
    const { code, message } = parsed.error;
    if (code === "events_malformed") return problem(c, { status: 400, code, detail: message });
    const limit = {
      name: "events_per_request",
      value: EVENT_LIMITS.perRequest,
      raise: "send smaller batches",
    };
    return problem(c, { status: 413, code, detail: message, limit });
  }
  const { drafts, rejected } = parsed.value;
  const repeatable = drafts.every(({ draft }) => draft.timeMs !== undefined);
  const batchId =
    (await clientBatchId(c.req.raw, actor)) ??
    (repeatable ? await bodyBatchId(actor, body.value) : deps.newId());
  const stored = await storeEvents(deps, actor, batchId, requestClient(c.req.raw), drafts);
  if (!stored.ok) return refusalProblem(c, stored.error);
  const answer = { ...stored.value, rejected };
  return rejected.length > 0 && drafts.length === 0 ? refusedWhole(c, rejected) : c.json(answer);
}

function refusedWhole(c: Context, rejected: readonly RejectedEvent[]): Response {
  const first = rejected[0];
  const body = {
    type: "/docs/errors#events_rejected",
    title: "events rejected",
    status: 400,
    code: "events_rejected",
    detail: `none of ${rejected.length} events was taken; event ${first?.index}: ${first?.reason}, ${first?.detail}`,
    accepted: 0,
    duplicates: 0,
    rejected,
  };
  return c.body(JSON.stringify(body), 400, { "content-type": "application/problem+json" });
}
