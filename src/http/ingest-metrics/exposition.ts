import type { Context } from "hono";
import { METRIC_NAME } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import { checkMediaType } from "../../ingest/body/content";
import type { BodyError } from "../../ingest/body/errors";
import { EXPOSITION_BODY_LIMIT } from "../../ingest/body/limits";
import { decodeExposition } from "../../ingest/exposition/batch";
import type { ExpositionBody, ExpositionFault } from "../../ingest/exposition/feed";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { appendBatch } from "./append";
import { bodyProblem, rejectionProblem, unavailableProblem } from "./problems";

const OPENMETRICS = "application/openmetrics-text";
const PROTOBUF = "application/vnd.google.protobuf";
/** `curl --data-binary` calls everything a form; clients that push text often send no type at all. */
const TYPES = [
  "text/plain",
  OPENMETRICS,
  PROTOBUF,
  "",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
];

/** The exposition of a request, bounded, gzip undone. */
export async function readExposition(request: Request): Promise<Result<ExpositionBody, BodyError>> {
  const header = request.headers.get("content-type");
  const media = checkMediaType(header, TYPES);
  if (!media.ok) return media;
  const { type, params } = media.value;
  if (type === PROTOBUF && params.get("encoding") !== "delimited") {
    return err({
      reason: "unsupported_content_type",
      got: header ?? "",
      expected: [`${PROTOBUF}; proto=io.prometheus.client.MetricFamily; encoding=delimited`],
    });
  }
  const body = await readBody(request, {
    limitBytes: EXPOSITION_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return body;
  if (type === PROTOBUF) return ok({ format: "protobuf", bytes: body.value });
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.value);
    // Only OpenMetrics ends in this line; prom-client pushes it without saying its type.
    const ends = type === "" && /(?:^|\n)# EOF\n?$/.test(text);
    return ok({ format: ends || type === OPENMETRICS ? "openmetrics" : "text", text });
  } catch {
    return err({
      reason: "malformed_encoding",
      encoding: "UTF-8",
      message: "it holds bytes that are no characters",
    });
  }
}

export function expositionProblem(c: Context, e: ExpositionFault): Response {
  return problem(c, {
    status: 400,
    code: "exposition_malformed",
    detail: e.message,
    where: e.where,
  });
}

/**
 * `POST /api/v1/import/prometheus`: exposition text as VictoriaMetrics takes it, with its
 * parameters `extra_label=name=value` (any number) and `timestamp` (ms, for samples without
 * their own; else now). 204; a body that does not parse stores nothing.
 */
export async function importPrometheus(c: Context<AppEnv>): Promise<Response> {
  const params = readImportParams(c);
  if (!params.ok) return problem(c, { status: 400, code: "parameter_malformed", ...params.error });
  const body = await readExposition(c.req.raw);
  if (!body.ok) return bodyProblem(c, body.error);
  const deps = c.get("deps");
  const decoded = decodeExposition(
    body.value,
    params.value.timeMs ?? deps.clock(),
    params.value.extra,
  );
  if (!decoded.ok) return expositionProblem(c, decoded.error);
  const stored = await appendBatch(deps, c.get("actor").projectId, decoded.value.batch);
  if (!stored.ok) return unavailableProblem(c, stored.error);
  return stored.value.rejected.length === 0 ? c.body(null, 204) : rejectionProblem(c, stored.value);
}

interface ImportParams {
  readonly timeMs: number | undefined;
  readonly extra: readonly (readonly [name: string, value: string])[];
}

function readImportParams(
  c: Context,
): Result<ImportParams, { readonly where: string; readonly detail: string }> {
  const extra: [string, string][] = [];
  for (const given of c.req.queries("extra_label") ?? []) {
    const m = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/s.exec(given);
    if (m === null || m[1] === METRIC_NAME) {
      const detail = `extra_label must be name=value, not ${JSON.stringify(given)}`;
      return err({ where: "extra_label", detail });
    }
    extra.push([m[1] as string, m[2] as string]);
  }
  const text = c.req.query("timestamp");
  if (text !== undefined && !/^-?\d{1,15}$/.test(text)) {
    const detail = `timestamp must be milliseconds since the epoch, not ${JSON.stringify(text)}`;
    return err({ where: "timestamp", detail });
  }
  return ok({ timeMs: text === undefined ? undefined : Number(text), extra });
}
