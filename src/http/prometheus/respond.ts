import type { ContentfulStatusCode } from "hono/utils/http-status";
import { SampleBudgetError, ShardUnavailableError } from "../../core/metric-store";
import { QueryError } from "../../promql";
import type { RefusalRenderer } from "../auth/require";

/** An error as Prometheus' HTTP API tells it (https://prometheus.io/docs/prometheus/latest/querying/api/). */
export interface ApiError {
  readonly status: ContentfulStatusCode;
  readonly errorType: string;
  readonly error: string;
}

const JSON_TYPE = { "content-type": "application/json" };

export function badData(error: string): ApiError {
  return { status: 400, errorType: "bad_data", error };
}

export function failure(e: ApiError): Response {
  return new Response(JSON.stringify({ status: "error", errorType: e.errorType, error: e.error }), {
    status: e.status,
    headers: JSON_TYPE,
  });
}

export interface Notes {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export function success(data: unknown, notes: Notes = {}): Response {
  return new Response(`{"status":"success","data":${JSON.stringify(data)}${renderNotes(notes)}}`, {
    headers: JSON_TYPE,
  });
}

const MAX_NOTES = 10;

/** The response's tail. Of many notes the first ten are told. */
export function renderNotes({ warnings = [], infos = [] }: Notes): string {
  return field("warnings", warnings) + field("infos", infos);
}

function field(name: "warnings" | "infos", notes: readonly string[]): string {
  if (notes.length === 0) return "";
  const shown = notes.slice(0, MAX_NOTES);
  if (notes.length > MAX_NOTES)
    shown.push(
      `${notes.length - MAX_NOTES} more ${name === "infos" ? "info" : "warning"} annotations omitted`,
    );
  return `,"${name}":${JSON.stringify(shown)}`;
}

/** What a failed query is on the wire; undefined for a fault of the program. */
export function apiErrorOf(e: unknown): ApiError | undefined {
  if (e instanceof ShardUnavailableError)
    return { status: 503, errorType: "unavailable", error: e.message };
  if (e instanceof SampleBudgetError)
    return { status: 422, errorType: "execution", error: e.message };
  if (!(e instanceof QueryError)) return undefined;
  const error = e.message;
  switch (e.kind) {
    case "bad_data":
      return { status: 400, errorType: "bad_data", error };
    case "execution":
      return { status: 422, errorType: "execution", error };
    case "timeout":
      return { status: 503, errorType: "timeout", error };
    case "canceled":
      return { status: 503, errorType: "canceled", error };
    case "unavailable":
      return { status: 503, errorType: "unavailable", error };
  }
}

/** The answer of `ask`, or its failure in this API's own shape. */
export async function refusable(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (e) {
    const known = apiErrorOf(e);
    if (known === undefined) throw e;
    return failure(known);
  }
}

/** A refused token in this API's own shape. */
export const refuse: RefusalRenderer = (_c, p) =>
  failure({
    status: p.status,
    errorType: p.status === 401 ? "unauthorized" : p.status === 403 ? "forbidden" : "unavailable",
    error: p.detail,
  });

/** The same for the routes that answer in plain text. */
export const refuseText: RefusalRenderer = (c, p) =>
  c.text(`${p.detail}\n`, p.status as ContentfulStatusCode);
