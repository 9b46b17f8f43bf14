import type { Context } from "hono";
import { exportLogsRequest } from "../../ingest/otlp-logs/model";
import { allTimed, translateLogs } from "../../ingest/otlp-logs/translate";
import type { AppEnv } from "../deps";
import { readOtlp } from "../otlp/request";
import { otlpFailure, otlpSuccess } from "../otlp/respond";
import { STORE_RETRY_AFTER_S, STORE_STATUS } from "../store-refusal";
import { identify, lineRejectionText, storeLines } from "./store-lines";

/** `POST /v1/logs`: OTLP/HTTP in either encoding. Records outside of the time limits are told as partial success. */
export async function otlpLogs(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const request = await readOtlp(c.req.raw, exportLogsRequest, "ExportLogsServiceRequest");
  if (!request.ok) return request.error;
  const { format, body, message } = request.value;
  const batch = await identify(deps, c.req.raw, actor, allTimed(message), body);
  const stored = await storeLines(deps, actor, batch, translateLogs(message, deps.clock()));
  if (!stored.ok) {
    const { reason } = stored.error;
    return otlpFailure(
      format,
      STORE_STATUS[reason],
      stored.error.message,
      STORE_RETRY_AFTER_S[reason],
    );
  }
  const { rejected } = stored.value;
  if (rejected.length === 0) return otlpSuccess("logs", format);
  return otlpSuccess("logs", format, {
    rejected: rejected.reduce((n, r) => n + r.count, 0),
    message: lineRejectionText(rejected, "log records"),
  });
}
