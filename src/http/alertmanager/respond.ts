import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { LongText } from "../../core/objects";
import type { RefusalRenderer } from "../auth/require";

/** An error of the request's form, as go-openapi tells it: of the HTTP status and its own finer codes. */
export interface RequestError {
  readonly status: ContentfulStatusCode;
  readonly code: number;
  readonly message: string;
}

/** go-openapi/errors: the codes of a check that failed are answered with 422. */
export const REQUIRED = 602;
export const TYPE_WRONG = 601;
export const TOO_FEW_ITEMS = 612;

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** JSON with the newline that Go's encoder ends it with. */
export function answer(body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, { headers: HEADERS });
}

/** JSON that is written already. */
export function answerJson(json: LongText): Response {
  return new Response(json, { headers: HEADERS });
}

/** A success that says nothing. */
export function done(): Response {
  return new Response(null, { headers: { "cache-control": "no-store" } });
}

/** What Alertmanager's own handlers refuse: the text as a JSON string. */
export function refused(status: ContentfulStatusCode, text: string): Response {
  return new Response(`${JSON.stringify(text)}\n`, { status, headers: HEADERS });
}

/** What its generated server refuses before them. */
export function malformed({ status, code, message }: RequestError): Response {
  return new Response(JSON.stringify({ code, message }), { status, headers: HEADERS });
}

/** A refused token in this API's own form. */
export const refuseToken: RefusalRenderer = (_c, p) =>
  malformed({ status: p.status, code: p.status, message: p.detail });
