import type { Context } from "hono";
import { parseMediaType } from "../../ingest/body/content";
import {
  OTLP_CONTENT_TYPE,
  type OtlpFormat,
  type OtlpSignal,
  type PartialSuccess,
  renderExportResponse,
  renderStatus,
} from "../../ingest/otlp/response";
import type { Problem } from "../problem";

/** 200 with `Export<Signal>ServiceResponse`, in the request's own encoding. */
export function otlpSuccess(
  signal: OtlpSignal,
  format: OtlpFormat,
  partial?: PartialSuccess,
): Response {
  return new Response(renderExportResponse(signal, format, partial), {
    status: 200,
    headers: { "content-type": OTLP_CONTENT_TYPE[format] },
  });
}

/** A failure with `google.rpc.Status`. Clients retry 429, 502, 503 and 504 alone. */
export function otlpFailure(
  format: OtlpFormat,
  status: number,
  message: string,
  retryAfterS?: number,
): Response {
  const headers = new Headers({ "content-type": OTLP_CONTENT_TYPE[format] });
  if (retryAfterS !== undefined) headers.set("retry-after", String(retryAfterS));
  return new Response(renderStatus(format, status, message), { status, headers });
}

/** How the token middleware says no on OTLP's paths. */
export function otlpRefusal(c: Context, p: Problem): Response {
  const json = parseMediaType(c.req.header("content-type")).type === "application/json";
  return otlpFailure(
    json ? "json" : "protobuf",
    p.status,
    p.detail,
    p.status === 503 ? 5 : undefined,
  );
}
