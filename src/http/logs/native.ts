import type { Context } from "hono";
import { checkMediaType } from "../../ingest/body/content";
import { parseJson } from "../../ingest/body/json";
import { NATIVE_BODY_LIMIT } from "../../ingest/body/limits";
import {
  NATIVE_LOG_LINES_LIMIT,
  type NativeLogError,
  parseNativeLogs,
  parseNdjsonLogs,
} from "../../ingest/native-logs/parse";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { bodyProblem } from "../ingest-metrics/problems";
import { problem } from "../problem";
import { refusalProblem } from "../store-refusal";
import { identify, lineRejectionText, storeLines } from "./store-lines";

const NDJSON = [
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonlines",
];
/** `text/plain` is what a browser's sendBeacon and a fetch without CORS preflight send. */
// The form type is what curl -d says of any body.
const JSON_TYPES = ["application/json", "text/plain", "application/x-www-form-urlencoded", ""];

/**
 * `POST /api/v1/ingest/logs`. Counted once per `Idempotency-Key`; without one, a list of lines that
 * all carry a time is counted once per body, and a single line at least once: two senders may well
 * say the same in one millisecond.
 */
export async function nativeLogs(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const media = checkMediaType(c.req.header("content-type"), [...JSON_TYPES, ...NDJSON]);
  if (!media.ok) return bodyProblem(c, media.error);
  const body = await readBody(c.req.raw, {
    limitBytes: NATIVE_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return bodyProblem(c, body.error);
  const now = deps.clock();
  const ndjson = NDJSON.includes(media.value.type);
  const json = ndjson ? undefined : parseJson(body.value);
  if (json?.ok === false) return bodyProblem(c, json.error);
  const logs =
    json === undefined
      ? parseNdjsonLogs(new TextDecoder().decode(body.value), now)
      : parseNativeLogs(json.value, now);
  if (!logs.ok) return nativeLogProblem(c, logs.error);
  const { lines, allTimed } = logs.value;
  const batch = await identify(
    deps,
    c.req.raw,
    actor,
    allTimed,
    lines.length > 1 ? body.value : undefined,
  );
  const stored = await storeLines(deps, actor, batch, lines);
  if (!stored.ok) return refusalProblem(c, stored.error);
  const { accepted, rejected } = stored.value;
  if (rejected.length === 0) return c.json({ accepted });
  return problem(c, {
    status: 400,
    code: "lines_rejected",
    detail: `${lineRejectionText(rejected, "lines")}; ${accepted} accepted`,
  });
}

function nativeLogProblem(c: Context, e: NativeLogError): Response {
  const detail = e.where === "" ? e.message : `${e.where}: ${e.message}`;
  if (e.code === "too_many_lines") {
    const limit = {
      name: "lines_per_request",
      value: NATIVE_LOG_LINES_LIMIT,
      raise: "send smaller batches",
    };
    return problem(c, { status: 413, code: e.code, detail, limit });
  }
  return problem(c, { status: 400, code: e.code, detail, where: e.where });
}
