import type { Context } from "hono";
import type { Result } from "../../core/result";
import { checkMediaType } from "../../ingest/body/content";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { REMOTE_WRITE_BODY_LIMIT } from "../../ingest/body/limits";
import {
  type DecodedWrite,
  type MalformedWrite,
  decodeWriteRequest,
} from "../../ingest/remote-write/decode";
import { decodeWriteRequestV2 } from "../../ingest/remote-write/decode-v2";
import { senderOf } from "../../ingest/remote-write/sender";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import type { Problem } from "../problem";
import { RETRY_AFTER_S, type Stored, appendBatch, rejectionStatus, rejectionText } from "./append";
import { isElected } from "./replicas";

const PROTO_1 = "prometheus.WriteRequest";
const PROTO_2 = "io.prometheus.write.v2.Request";

interface Dialect {
  readonly version: 1 | 2;
  readonly decode: (
    bytes: Uint8Array,
    batchId: string,
    drop?: Uint8Array,
  ) => Result<DecodedWrite, MalformedWrite>;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  [PROTO_1]: { version: 1, decode: decodeWriteRequest },
  [PROTO_2]: { version: 2, decode: decodeWriteRequestV2 },
};

/**
 * `POST /api/v1/write`: Prometheus remote write 1.0 and 2.0, told apart by the `proto` of the content type.
 * 204 when all is durable; 400 is final (valid samples of the request are stored); 429 and 503 may be sent
 * again. Bodies of errors are plain text, which Prometheus logs. Every answer tells what was written, as
 * version 2.0 asks for.
 */
export async function remoteWrite(c: Context<AppEnv>): Promise<Response> {
  written(c, 0, 0, 0);
  // A sender that names no type means version 1.0, as Prometheus' own receiver reads it.
  const media = checkMediaType(c.req.header("content-type"), ["application/x-protobuf", ""]);
  if (!media.ok) return c.text(`${bodyErrorMessage(media.error)}\n`, 415);
  const proto = media.value.params.get("proto") ?? PROTO_1;
  const dialect = Object.hasOwn(DIALECTS, proto) ? DIALECTS[proto] : undefined;
  if (dialect === undefined)
    return c.text(
      `message ${JSON.stringify(proto.slice(0, 100))} is not supported; expected ${Object.keys(DIALECTS).join(" or ")}\n`,
      415,
    );
  // Prometheus' own receiver, too, takes a body without the header for Snappy.
  const body = await readBody(c.req.raw, {
    limitBytes: REMOTE_WRITE_BODY_LIMIT,
    encodings: ["snappy"],
    assumed: "snappy",
  });
  if (!body.ok) return c.text(`${bodyErrorMessage(body.error)}\n`, bodyErrorStatus(body.error));
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const { replicaLabels } = deps.config;
  const sender = senderOf(body.value, dialect.version, replicaLabels);
  const decoded = dialect.decode(
    body.value,
    "",
    sender === undefined ? undefined : new TextEncoder().encode(replicaLabels.replica),
  );
  if (!decoded.ok)
    return c.text(
      `the body is not a ${proto}: ${decoded.error.message} (byte ${decoded.error.at})\n`,
      400,
    );
  if (sender !== undefined) {
    const elected = await isElected(deps, projectId, sender);
    if (!elected.ok)
      return c.text(`${elected.error.message}\n`, 503, { "retry-after": String(RETRY_AFTER_S) });
    if (!elected.value) return deduplicated(c, decoded.value);
  }
  const stored = await appendBatch(deps, projectId, decoded.value.batch, decoded.value.rejected);
  if (!stored.ok)
    return c.text(`${stored.error.message}\n`, 503, { "retry-after": String(RETRY_AFTER_S) });
  tellWritten(c, decoded.value, stored.value);
  const { rejected } = stored.value;
  if (rejected.length === 0) return c.body(null, 204);
  return c.text(`${rejectionText(rejected)}\n`, rejectionStatus(rejected));
}

/** How the token middleware says no on this family. */
export function textRefusal(c: Context<AppEnv>, p: Problem): Response {
  return c.text(`${p.detail}\n`, p.status);
}

/** Another replica of the pair writes the same samples: to this one they count as written. */
function deduplicated(c: Context<AppEnv>, sent: DecodedWrite): Response {
  const { samples, histograms, staleHistograms, exemplars } = sent;
  c.get("deps").selfMetrics.countDeduplicated(samples + histograms);
  written(c, samples - staleHistograms, histograms + staleHistograms, exemplars);
  return c.body(null, 204);
}

/** A stale histogram was sent as a histogram, and is stored as a sample. */
function tellWritten(c: Context<AppEnv>, sent: DecodedWrite, stored: Stored): void {
  const { samples, histograms, exemplars } = stored.written;
  const stale = Math.min(sent.staleHistograms, samples);
  written(c, samples - stale, histograms + stale, exemplars);
}

/** https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#required-written-response-headers */
function written(c: Context<AppEnv>, samples: number, histograms: number, exemplars: number): void {
  c.header("x-prometheus-remote-write-samples-written", String(samples));
  c.header("x-prometheus-remote-write-histograms-written", String(histograms));
  c.header("x-prometheus-remote-write-exemplars-written", String(exemplars));
}
