import type { Context } from "hono";
import { RegexError, compileMatcher } from "../../../core/matchers";
import { SampleBudgetError, ShardUnavailableError } from "../../../core/metric-store";
import { encodeSnappy } from "../../../ingest/snappy/encode";
import { bodyErrorMessage, bodyErrorStatus } from "../../../ingest/body/errors";
import { readBody } from "../../body";
import type { AppEnv } from "../../deps";
import { SAMPLES, type ReadQuery, decodeReadRequest } from "./request";
import { encodeReadResponse } from "./response";

const MAX_BODY_BYTES = 1_048_576;
/** An answer is one snappy block, whole in memory before and after: some 40 bytes a sample of the 128 MB. */
const MAX_READ_SAMPLES = 1_000_000;
const MAX_QUERIES = 64;

/**
 * `POST /api/v1/read`: remote read, answered with samples. A client that takes streamed chunks alone is refused;
 * Prometheus asks for either (https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/).
 */
export async function remoteRead(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, {
    limitBytes: MAX_BODY_BYTES,
    encodings: ["snappy"],
    assumed: "snappy",
  });
  if (!body.ok) return c.text(`${bodyErrorMessage(body.error)}\n`, bodyErrorStatus(body.error));
  const request = decodeReadRequest(body.value);
  if (!request.ok) return c.text(`the body is no ReadRequest: ${request.error}\n`, 400);
  const { queries, accepted } = request.value;
  if (accepted.length > 0 && !accepted.includes(SAMPLES))
    return c.text(
      "server does not support any of the requested response types: it answers with SAMPLES\n",
      400,
    );
  if (queries.length > MAX_QUERIES)
    return c.text(`${queries.length} queries; the limit of one read is ${MAX_QUERIES}\n`, 400);
  const wrong = firstBadPattern(queries);
  if (wrong !== undefined) return c.text(`${wrong}\n`, 400);
  const { metrics, config } = c.get("deps");
  const maxSamples = Math.min(config.queryMaxSamples ?? MAX_READ_SAMPLES, MAX_READ_SAMPLES);
  try {
    const found = await metrics(c.get("actor").projectId).select(
      // A selection is open on the left, a read is not.
      queries.map((q) => ({ matchers: q.matchers, startMs: q.startMs - 1, endMs: q.endMs })),
      { maxSamples },
    );
    return new Response(encodeSnappy(encodeReadResponse(found)), {
      headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
      // The bytes are compressed already: the runtime is not to do it, nor to undo it.
      encodeBody: "manual",
    });
  } catch (e) {
    if (e instanceof SampleBudgetError)
      return c.text(`exceeded sample limit (${maxSamples})\n`, 400);
    if (e instanceof ShardUnavailableError) return c.text(`${e.message}\n`, 503);
    throw e;
  }
}

function firstBadPattern(queries: readonly ReadQuery[]): string | undefined {
  try {
    for (const q of queries) for (const m of q.matchers) compileMatcher(m);
    return undefined;
  } catch (e) {
    if (e instanceof RegexError) return e.message;
    throw e;
  }
}
