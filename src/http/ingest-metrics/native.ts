import type { Context } from "hono";
import { checkMediaType } from "../../ingest/body/content";
import { parseJson } from "../../ingest/body/json";
import { NATIVE_BODY_LIMIT } from "../../ingest/body/limits";
import { batchMetrics } from "../../ingest/native-metrics/batch";
import { METRICS_LIMIT, parseMetrics } from "../../ingest/native-metrics/parse";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { appendBatch } from "./append";
import { clientBatchId } from "./batch-id";
import { bodyProblem, rejectionProblem, unavailableProblem } from "./problems";

/**
 * `POST /api/v1/ingest/metrics`. Increments are counted once per `Idempotency-Key`; without
 * one at least once: two equal observations of one millisecond are two, so that the body
 * itself cannot tell a repeat.
 */
export async function nativeMetrics(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  // `text/plain` is what a browser's sendBeacon and a fetch without CORS preflight send.
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
  const metrics = parseMetrics(json.value);
  if (!metrics.ok) {
    const { code, where, message } = metrics.error;
    const tooMany = code === "too_many_metrics";
    return problem(c, {
      status: tooMany ? 413 : 400,
      code,
      detail: where === "" ? message : `${where}: ${message}`,
      where,
      ...(tooMany
        ? {
            limit: {
              name: "metrics_per_request",
              value: METRICS_LIMIT,
              raise: "send smaller batches",
            },
          }
        : {}),
    });
  }
  const actor = c.get("actor");
  const batchId = (await clientBatchId(c.req.raw, actor)) ?? "";
  const stored = await appendBatch(
    deps,
    actor.projectId,
    batchMetrics(metrics.value, batchId, deps.clock()),
  );
  if (!stored.ok) return unavailableProblem(c, stored.error);
  return stored.value.rejected.length === 0
    ? c.json({ accepted: metrics.value.length })
    : rejectionProblem(c, stored.value);
}
