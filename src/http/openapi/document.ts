import * as z from "zod";
import { ERROR_CODES } from "../error-codes";
import { SHARED_SCHEMAS } from "./dialects";
import { described, record, string } from "./json-schema";
import type { Family, JsonSchema, Operation, Parameter, Schema } from "./model";
import { responseComponents, responsesOf } from "./responses";
import { SECURITY_SCHEMES, securityOf } from "./security";

/** What differs between deployments. */
export interface Deployment {
  /** Base of every path, without a slash at its end. */
  readonly url: string;
  readonly version: string;
}

/** The OpenAPI 3.1 document of the families (https://spec.openapis.org/oas/v3.1.1.html). */
export function openapiDocument(families: readonly Family[], deployment: Deployment): JsonSchema {
  return { ...documentHead(deployment), ...documentBody(families) };
}

export function documentHead({ url, version }: Deployment): JsonSchema {
  return {
    openapi: "3.1.1",
    info: {
      title: "Vedette",
      version,
      description:
        "Observability and product analytics in one Cloudflare Worker. Errors of its own routes are `application/problem+json` with a stable `code`; routes of a dialect answer as its specification says.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url }],
  };
}

/** All that does not depend on the deployment. */
export function documentBody(families: readonly Family[]): JsonSchema {
  return {
    tags: families.map((f) => ({
      name: f.tag,
      description: f.description,
      ...(f.specification === undefined ? {} : { externalDocs: f.specification }),
    })),
    paths: pathsOf(families),
    components: {
      schemas: {
        Problem: PROBLEM,
        ...SHARED_SCHEMAS,
        ...Object.fromEntries(families.flatMap((f) => Object.entries(f.schemas ?? {}))),
      },
      responses: responseComponents([...new Set(families.map((f) => f.dialect))]),
      headers: {
        RetryAfter: {
          description: "Seconds after which the same may be sent again.",
          schema: { type: "integer" },
        },
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** http/problem.ts */
const PROBLEM: JsonSchema = {
  description: "RFC 9457.",
  ...record(
    {
      type: described(
        { type: "string", pattern: "^/docs/errors#[a-z_]+$" },
        "Where the code is explained.",
      ),
      title: string,
      status: { type: "integer" },
      code: { type: "string", enum: Object.keys(ERROR_CODES) },
      detail: described(string, "What was wrong, in one sentence."),
    },
    {
      where: described(
        string,
        "Where in the input: a JSON pointer, `line:column`, a parameter or a header.",
      ),
      limit: record({
        name: string,
        value: { type: "integer" },
        raise: described(string, "How to get further."),
      }),
    },
  ),
};

function pathsOf(families: readonly Family[]): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const family of families)
    for (const operation of family.operations)
      (paths[operation.path] ??= {})[operation.method] = operationObject(family, operation);
  return paths;
}

function operationObject(family: Family, o: Operation): JsonSchema {
  const parameters = [...undeclaredPathParameters(o), ...(o.parameters ?? [])];
  return {
    operationId: o.id,
    tags: [family.tag],
    summary: o.summary,
    ...(o.description === undefined ? {} : { description: o.description }),
    ...(family.specification === undefined ? {} : { externalDocs: family.specification }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(o.body === undefined
      ? {}
      : {
          requestBody: {
            description: o.body.description,
            required: o.body.required,
            content: Object.fromEntries(
              Object.entries(o.body.content).map(([media, s]) => [media, { schema: toJson(s) }]),
            ),
          },
        }),
    responses: responsesOf(o, family.dialect, toJson),
    security: securityOf(o.scope),
  };
}

/** Parameters of the path that need no words. */
function undeclaredPathParameters(o: Operation): Parameter[] {
  const declared = new Set(o.parameters?.map((p) => p.name));
  return [...o.path.matchAll(/\{(\w+)\}/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !declared.has(name))
    .map((name) => ({
      name,
      in: "path",
      required: true,
      description: `The ${name}.`,
      schema: string,
    }));
}

/** A zod schema as what it takes in: defaults may be left out, and transformed values are told as they are sent. */
function toJson(schema: Schema): JsonSchema {
  if (!(schema instanceof z.ZodType)) return schema;
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      // The format says it; zod's pattern is 500 characters long.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  return rest;
}
