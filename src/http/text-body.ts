import type { Context } from "hono";
import { type Result, err, ok } from "../core/result";
import { checkMediaType } from "../ingest/body/content";
import { type BodyError, bodyErrorMessage, bodyErrorStatus } from "../ingest/body/errors";
import { readBody } from "./body";
import type { AppEnv } from "./deps";
import type { Problem } from "./problem";

/** curl sends a form type unless told otherwise; what is meant is plain to see. */
const UNTOLD = ["", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"];
const JSON_TYPES = ["application/json", "text/json"];
const YAML_TYPES = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];

/** What a route takes: JSON is YAML too. */
const TYPES = {
  json: [...JSON_TYPES, ...UNTOLD],
  yaml: [...YAML_TYPES, ...JSON_TYPES, ...UNTOLD],
} as const;

/** A small text body of one of Vedette's own routes, bounded, decompressed and checked for UTF-8. */
export async function readText(
  c: Context<AppEnv>,
  kind: keyof typeof TYPES,
  limitBytes: number,
): Promise<Result<string, Problem>> {
  const media = checkMediaType(c.req.header("content-type"), TYPES[kind]);
  if (!media.ok) return err(problemOf(media.error));
  const body = await readBody(c.req.raw, { limitBytes, encodings: ["identity", "gzip"] });
  if (!body.ok) return err(problemOf(body.error));
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body.value));
  } catch {
    const message = "it holds bytes that are no characters";
    return err(problemOf({ reason: "malformed_encoding", encoding: "UTF-8", message }));
  }
}

function problemOf(e: BodyError): Problem {
  return {
    status: bodyErrorStatus(e),
    code: `body_${e.reason}`,
    detail: bodyErrorMessage(e),
    ...(e.reason === "too_large"
      ? { limit: { name: "body_bytes", value: e.limitBytes, raise: "send less at once" } }
      : {}),
  };
}
