import type { Context } from "hono";
import { checkMediaType } from "../../ingest/body/content";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { parseJson } from "../../ingest/body/json";
import { OTLP_BODY_LIMIT } from "../../ingest/body/limits";
import { exportMetricsRequest, hasDelta } from "../../ingest/otlp-metrics/model";
import { translateMetrics } from "../../ingest/otlp-metrics/translate";
import { decodeJson, decodeWire } from "../../ingest/otlp/schema";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { otlpFailure, otlpSuccess } from "../otlp/respond";
import { RETRY_AFTER_S, appendBatch, rejectionText } from "./append";
import { bodyBatchId, clientBatchId } from "./batch-id";

/** `POST /v1/metrics`: OTLP/HTTP in either encoding. What is not taken is told as partial success. */
export async function otlpMetrics(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const media = checkMediaType(c.req.header("content-type"), [
    "application/x-protobuf",
    "application/json",
  ]);
  if (!media.ok) return otlpFailure("protobuf", 415, bodyErrorMessage(media.error));
  const format = media.value.type === "application/json" ? "json" : "protobuf";
  const body = await readBody(c.req.raw, {
    limitBytes: OTLP_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok)
    return otlpFailure(format, bodyErrorStatus(body.error), bodyErrorMessage(body.error));
  const json = format === "json" ? parseJson(body.value) : undefined;
  if (json?.ok === false) return otlpFailure(format, 400, bodyErrorMessage(json.error));
  const request =
    json === undefined
      ? decodeWire(exportMetricsRequest, body.value)
      : decodeJson(exportMetricsRequest, json.value);
  if (!request.ok)
    return otlpFailure(
      format,
      400,
      `not an ExportMetricsServiceRequest: ${request.error.message} (${request.error.where})`,
    );
  const batchId = hasDelta(request.value)
    ? ((await clientBatchId(c.req.raw, actor)) ?? (await bodyBatchId(actor, body.value)))
    : "";
  const translated = translateMetrics(request.value, batchId, deps.clock());
  const stored = await appendBatch(deps, actor.projectId, translated.batch, translated.rejected);
  if (!stored.ok) return otlpFailure(format, 503, stored.error.message, RETRY_AFTER_S);
  const { rejected } = stored.value;
  if (rejected.length === 0) return otlpSuccess("metrics", format);
  if (stored.value.accepted === 0 && rejected.every((r) => r.reason === "series_limit")) {
    return otlpFailure(format, 429, rejectionText(rejected), RETRY_AFTER_S);
  }
  // The shard counts samples, of which a histogram point has many: no more points than were sent can be rejected.
  const count = rejected.reduce((n, r) => n + r.count, 0);
  return otlpSuccess("metrics", format, {
    rejected: Math.min(count, translated.dataPoints),
    message: rejectionText(rejected),
  });
}
