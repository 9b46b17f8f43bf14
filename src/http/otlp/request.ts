import { type Result, err, ok } from "../../core/result";
import { checkMediaType } from "../../ingest/body/content";
import { type BodyError, bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { parseJson } from "../../ingest/body/json";
import { OTLP_BODY_LIMIT } from "../../ingest/body/limits";
import { OTLP_CONTENT_TYPE, type OtlpFormat } from "../../ingest/otlp/response";
import { type Codec, decodeJson, decodeWire } from "../../ingest/otlp/schema";
import { readBody } from "../body";
import { otlpFailure } from "./respond";

export interface OtlpRequest<T> {
  readonly format: OtlpFormat;
  /** Decompressed: what a batch id is made of. */
  readonly body: Uint8Array;
  readonly message: T;
}

/** An export request in either encoding, bounded; a failure is the response to give. `name` is the message's, for errors. */
export async function readOtlp<T>(
  request: Request,
  codec: Codec<T>,
  name: string,
): Promise<Result<OtlpRequest<T>, Response>> {
  const media = checkMediaType(
    request.headers.get("content-type"),
    Object.values(OTLP_CONTENT_TYPE),
  );
  const format = media.ok && media.value.type === OTLP_CONTENT_TYPE.json ? "json" : "protobuf";
  const refuse = (e: BodyError): Result<never, Response> =>
    err(otlpFailure(format, bodyErrorStatus(e), bodyErrorMessage(e)));
  if (!media.ok) return refuse(media.error);
  const body = await readBody(request, {
    limitBytes: OTLP_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return refuse(body.error);
  const json = format === "json" ? parseJson(body.value) : undefined;
  if (json?.ok === false) return refuse(json.error);
  const message =
    json === undefined ? decodeWire(codec, body.value) : decodeJson(codec, json.value);
  if (!message.ok)
    return err(
      otlpFailure(format, 400, `not an ${name}: ${message.error.message} (${message.error.where})`),
    );
  return ok({ format, body: body.value, message: message.value });
}
