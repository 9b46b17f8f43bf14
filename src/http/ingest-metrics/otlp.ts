import type { Context } from "hono";
import type { Actor } from "../../core/auth";
import {
  type ExportMetricsRequest,
  deltasOf,
  exportMetricsRequest,
} from "../../ingest/otlp-metrics/model";
import { translateMetrics } from "../../ingest/otlp-metrics/translate";
import type { AppEnv } from "../deps";
import { type OtlpRequest, readOtlp } from "../otlp/request";
import { otlpFailure, otlpSuccess } from "../otlp/respond";
import { RETRY_AFTER_S, appendBatch, rejectionText } from "./append";
import { bodyBatchId, clientBatchId } from "./batch-id";

/** `POST /v1/metrics`: OTLP/HTTP in either encoding. What is not taken is told as partial success. */
export async function otlpMetrics(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const request = await readOtlp(c.req.raw, exportMetricsRequest, "ExportMetricsServiceRequest");
  if (!request.ok) return request.error;
  const { format, message } = request.value;
  const batchId = await batchIdOf(c.req.raw, actor, request.value);
  const translated = translateMetrics(message, batchId, deps.clock(), deps.config.otlp);
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

/** Samples tell a repeat by themselves; remembering an id is for increments alone. */
async function batchIdOf(
  request: Request,
  actor: Actor,
  { body, message }: OtlpRequest<ExportMetricsRequest>,
): Promise<string> {
  const deltas = deltasOf(message);
  if (deltas === "none") return "";
  const own = await clientBatchId(request, actor);
  return own ?? (deltas === "timed" ? await bodyBatchId(actor, body) : "");
}
