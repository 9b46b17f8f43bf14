import type { Context } from "hono";
import { checkMediaType } from "../../ingest/body/content";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { REMOTE_WRITE_BODY_LIMIT } from "../../ingest/body/limits";
import { decodeWriteRequest } from "../../ingest/remote-write/decode";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import type { Problem } from "../problem";
import { RETRY_AFTER_S, appendBatch, rejectionStatus, rejectionText } from "./append";

const PROTO_1 = "prometheus.WriteRequest";

/**
 * `POST /api/v1/write`: Prometheus remote write 1.0. 204 when all is durable; 400 is final
 * (valid samples of the request are stored); 429 and 503 may be sent again. Bodies of
 * errors are plain text, which Prometheus logs.
 */
export async function remoteWrite(c: Context<AppEnv>): Promise<Response> {
  // A sender that names no type means version 1.0, as Prometheus' own receiver reads it.
  const media = checkMediaType(c.req.header("content-type"), ["application/x-protobuf", ""]);
  if (!media.ok) return c.text(`${bodyErrorMessage(media.error)}\n`, 415);
  const proto = media.value.params.get("proto") ?? PROTO_1;
  if (proto !== PROTO_1) {
    return c.text(
      `message ${proto} is not supported; send remote write 1.0 (protobuf_message: ${PROTO_1})\n`,
      415,
    );
  }
  // Prometheus' own receiver, too, takes a body without the header for Snappy.
  const body = await readBody(c.req.raw, {
    limitBytes: REMOTE_WRITE_BODY_LIMIT,
    encodings: ["snappy"],
    assumed: "snappy",
  });
  if (!body.ok) return c.text(`${bodyErrorMessage(body.error)}\n`, bodyErrorStatus(body.error));
  const decoded = decodeWriteRequest(body.value, "");
  if (!decoded.ok)
    return c.text(
      `the body is not a ${PROTO_1}: ${decoded.error.message} (byte ${decoded.error.at})\n`,
      400,
    );
  const stored = await appendBatch(
    c.get("deps"),
    c.get("actor").projectId,
    decoded.value.batch,
    decoded.value.rejected,
  );
  if (!stored.ok)
    return c.text(`${stored.error.message}\n`, 503, { "retry-after": String(RETRY_AFTER_S) });
  const { rejected } = stored.value;
  if (rejected.length === 0) return c.body(null, 204);
  return c.text(`${rejectionText(rejected)}\n`, rejectionStatus(rejected));
}

/** How the token middleware says no on this family. */
export function textRefusal(c: Context<AppEnv>, p: Problem): Response {
  return c.text(`${p.detail}\n`, p.status);
}
