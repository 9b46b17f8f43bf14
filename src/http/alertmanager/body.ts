import type { Context } from "hono";
import type { StringMap } from "../../core/alerts";
import { nestsDeeperThan } from "../../core/json-depth";
import { parseJson } from "../../core/parse-json";
import { type Result, err, ok } from "../../core/result";
import { parseMediaType } from "../../ingest/body/content";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { type RequestError, REQUIRED } from "./respond";

/** No field of this API lies deeper. */
const MAX_DEPTH = 8;

/** A JSON body; `what` is its name in Alertmanager's OpenAPI document. */
export async function readApiBody(
  c: Context<AppEnv>,
  what: "alerts" | "silence",
  limitBytes: number,
): Promise<Result<unknown, RequestError>> {
  const given = c.req.header("content-type");
  if (parseMediaType(given).type !== "application/json")
    return failure(
      415,
      `unsupported media type ${JSON.stringify(given ?? "application/octet-stream")}, only [application/json] are allowed`,
    );
  const body = await readBody(c.req.raw, { limitBytes, encodings: ["identity", "gzip"] });
  if (!body.ok) return failure(bodyErrorStatus(body.error), bodyErrorMessage(body.error));
  if (body.value.length === 0) return err(required(what));
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body.value);
    const value = parseJson(text);
    if (nestsDeeperThan(value, MAX_DEPTH)) return err(unreadable(what, "it is nested too deep"));
    return ok(value);
  } catch (e) {
    return err(unreadable(what, e instanceof Error ? e.message : String(e)));
  }
}

/** A value of another type than the document says. */
export function unreadable(what: "alerts" | "silence", why: string): RequestError {
  return {
    status: 400,
    code: 400,
    message: `parsing ${what} body from "" failed, because ${why}`,
  };
}

export function required(path: string): RequestError {
  return { status: 422, code: REQUIRED, message: `${path} in body is required` };
}

/** How Go's decoder calls a JSON value's type. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** An object of texts: null stands for the empty one, and the whole may be absent or null. */
export function decodeTexts(
  what: "alerts" | "silence",
  value: unknown,
  field: string,
): Result<StringMap | undefined, RequestError> {
  if (value === undefined || value === null) return ok(undefined);
  if (!isRecord(value)) return wrongType(what, value, `struct field ${field}`, "models.LabelSet");
  for (const text of Object.values(value))
    if (text !== null && typeof text !== "string")
      return wrongType(what, text, `struct field ${field}`, "string");
  // Each is a text or null, as the loop has seen.
  const texts = value as Readonly<Record<string, string | null>>;
  if (!Object.values(texts).includes(null)) return ok(texts as StringMap);
  return ok(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text ?? ""])));
}

export function wrongType(
  what: "alerts" | "silence",
  value: unknown,
  where: string,
  type: string,
): Result<never, RequestError> {
  return err(
    unreadable(what, `json: cannot unmarshal ${kindOf(value)} into Go ${where} of type ${type}`),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function failure(status: 400 | 413 | 415, message: string): Result<never, RequestError> {
  return err({ status, code: status, message });
}
