import type * as z from "zod";
import type { Scope } from "../../core/auth";
import type { ErrorCode } from "../error-codes";

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Plain JSON Schema, or the zod schema by which a route checks its body. */
export type Schema = JsonSchema | z.ZodType;

export type Method = "get" | "post" | "put" | "delete" | "options";

/** In whose form a family tells a refused token and its other failures. */
export type Dialect = "vedette" | "otlp" | "prometheus" | "alertmanager" | "text";

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface RequestBody {
  readonly description: string;
  readonly required: boolean;
  /** By media type. */
  readonly content: Readonly<Record<string, Schema>>;
}

export interface Answer {
  readonly description: string;
  /** By media type; absent: no body. */
  readonly content?: Readonly<Record<string, Schema>>;
}

/** One method of one path, as a family's table has it. */
export interface Operation {
  readonly method: Method;
  /** With `{name}` for each parameter. */
  readonly path: string;
  /** Hono's pattern, where it is not `path` with `:name` for `{name}`. */
  readonly pattern?: string;
  /** operationId. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** What a token must be allowed to do; `bootstrap`: the deployment's BOOTSTRAP_SECRET instead of a token. */
  readonly scope: Scope | "none" | "bootstrap";
  /** Path parameters that need no more than a name are added by themselves. */
  readonly parameters?: readonly Parameter[];
  readonly body?: RequestBody;
  /** By status; what the route says where it did what it was asked, or says so in its own words. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** By status, the codes of problem+json that the route itself gives; tokens, rates and faults are added. */
  readonly problems?: Readonly<Record<number, readonly ErrorCode[]>>;
  /** By status, what a dialect's own error means. */
  readonly failures?: Readonly<Record<number, string>>;
}

/** Routes that belong together: one tag of the document. */
export interface Family {
  readonly tag: string;
  readonly description: string;
  readonly dialect: Dialect;
  /** The specification that a dialect follows. */
  readonly specification?: { readonly url: string; readonly description: string };
  readonly operations: readonly Operation[];
  /** Named schemas that the operations refer to. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}
