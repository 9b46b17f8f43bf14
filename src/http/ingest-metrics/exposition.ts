import type { Context } from "hono";
import { type Result, err, ok } from "../../core/result";
import { checkMediaType } from "../../ingest/body/content";
import type { BodyError } from "../../ingest/body/errors";
import { EXPOSITION_BODY_LIMIT } from "../../ingest/body/limits";
import { decodeExposition } from "../../ingest/exposition/batch";
import type { ExpositionError } from "../../ingest/exposition/parse";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { appendBatch } from "./append";
import { bodyProblem, rejectionProblem, unavailableProblem } from "./problems";

const OPENMETRICS = "application/openmetrics-text";
/** `curl --data-binary` calls everything a form; clients that push text often send no type at all. */
const TEXT_TYPES = [
  "text/plain",
  OPENMETRICS,
  "",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
];

export interface ExpositionText {
  readonly text: string;
  readonly openMetrics: boolean;
}

/** The exposition text of a request, bounded, gzip undone. */
export async function readExposition(request: Request): Promise<Result<ExpositionText, BodyError>> {
  const media = checkMediaType(request.headers.get("content-type"), TEXT_TYPES);
  if (!media.ok) return media;
  const body = await readBody(request, {
    limitBytes: EXPOSITION_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return body;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.value);
    // Only OpenMetrics ends in this line; prom-client pushes it without saying its type.
    const ends = media.value.type === "" && /(?:^|\n)# EOF\n?$/.test(text);
    return ok({ text, openMetrics: ends || media.value.type === OPENMETRICS });
  } catch {
    return err({
      reason: "malformed_encoding",
      encoding: "UTF-8",
      message: "it holds bytes that are no characters",
    });
  }
}

export function expositionProblem(c: Context, e: ExpositionError): Response {
  return problem(c, {
    status: 400,
    code: "exposition_malformed",
    detail: `line ${e.line}, column ${e.column}: ${e.message}`,
    where: `${e.line}:${e.column}`,
  });
}

/**
 * `POST /api/v1/import/prometheus`: exposition text as VictoriaMetrics takes it; samples
 * without a timestamp are of now. 204; a body that does not parse stores nothing.
 */
export async function importPrometheus(c: Context<AppEnv>): Promise<Response> {
  const body = await readExposition(c.req.raw);
  if (!body.ok) return bodyProblem(c, body.error);
  const deps = c.get("deps");
  const decoded = decodeExposition(body.value.text, body.value, deps.clock());
  if (!decoded.ok) return expositionProblem(c, decoded.error);
  const stored = await appendBatch(deps, c.get("actor").projectId, decoded.value.batch);
  if (!stored.ok) return unavailableProblem(c, stored.error);
  return stored.value.rejected.length === 0 ? c.body(null, 204) : rejectionProblem(c, stored.value);
}
