import { json, list, record, ref, string } from "./json-schema";
import type { Dialect, JsonSchema } from "./model";

/** By media type, the body of an error in each dialect. */
export const ERROR_BODIES: Readonly<Record<Dialect, Readonly<Record<string, JsonSchema>>>> = {
  vedette: { "application/problem+json": ref("Problem") },
  otlp: { "application/x-protobuf": {}, "application/json": ref("OtlpStatus") },
  prometheus: { "application/json": ref("PrometheusError") },
  alertmanager: { "application/json": { anyOf: [ref("AlertmanagerError"), string] } },
  text: { "text/plain": string },
};

/** Schemas of several families. */
export const SHARED_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  OtlpStatus: {
    description: "google.rpc.Status.",
    ...record({ code: { type: "integer" }, message: string }),
  },
  AlertmanagerError: record({ code: { type: "integer" }, message: string }),
  PrometheusError: record({
    status: { const: "error" },
    errorType: string,
    error: string,
  }),
};

/** An answer of Prometheus' API around its data. */
export function success(description: string, data: JsonSchema): ReturnType<typeof json> {
  return json(
    description,
    record({ status: { const: "success" }, data }, { warnings: list(string), infos: list(string) }),
  );
}
