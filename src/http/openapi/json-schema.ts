import type { Answer, JsonSchema, Parameter, RequestBody, Schema } from "./model";

export const string: JsonSchema = { type: "string" };
export const number: JsonSchema = { type: "number" };
export const boolean: JsonSchema = { type: "boolean" };
export const count: JsonSchema = { type: "integer", minimum: 0 };
/** RFC 3339. */
export const dateTime: JsonSchema = { type: "string", format: "date-time" };
export const epochMs: JsonSchema = {
  type: "integer",
  description: "Milliseconds since the epoch.",
};
export const stringMap: JsonSchema = { type: "object", additionalProperties: string };
export const anyObject: JsonSchema = { type: "object" };

export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

export function oneOf(values: readonly string[]): JsonSchema {
  return { type: "string", enum: values };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

/** Every property is there, except the optional ones. */
export function record(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return {
    type: "object",
    properties: { ...properties, ...optional },
    required: Object.keys(properties),
  };
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function query(name: string, schema: JsonSchema, description: string): Parameter {
  return { name, in: "query", required: false, schema, description };
}

export function requiredQuery(name: string, schema: JsonSchema, description: string): Parameter {
  return { name, in: "query", required: true, schema, description };
}

export function pathParameter(name: string, schema: JsonSchema, description: string): Parameter {
  return { name, in: "path", required: true, schema, description };
}

export function header(name: string, description: string): Parameter {
  return { name, in: "header", required: false, schema: string, description };
}

export function limit(otherwise: number, maximum: number): Parameter {
  const schema = { type: "integer", minimum: 1, maximum, default: otherwise };
  return query("limit", schema, "The most that are answered.");
}

export function jsonBody(schema: Schema, description: string): RequestBody {
  return { description, required: true, content: { "application/json": schema } };
}

export function json(description: string, schema: Schema): Answer {
  return { description, content: { "application/json": schema } };
}

export function yaml(description: string): Answer {
  return { description, content: { "application/yaml": string } };
}

export function plain(description: string): Answer {
  return { description, content: { "text/plain": string } };
}

export function empty(description: string): Answer {
  return { description };
}
