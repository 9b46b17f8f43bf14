import { ERROR_CODES, type ErrorCode } from "../error-codes";
import { rateClassOf } from "../rate-limit";
import { ERROR_BODIES } from "./dialects";
import type { Dialect, JsonSchema, Operation, Schema } from "./model";

type ToJson = (schema: Schema) => JsonSchema;

interface Draft {
  readonly texts: string[];
  readonly content: Map<string, JsonSchema>;
}

/** An operation's responses by status: its own, with what every route may say beside or by reference. */
export function responsesOf(operation: Operation, dialect: Dialect, toJson: ToJson): JsonSchema {
  const own = ownResponses(operation, dialect, toJson);
  const common = commonResponses(operation, dialect);
  const out: Record<string, JsonSchema> = {};
  for (const status of new Set([...own.keys(), ...common.keys()])) {
    const [a, b] = [own.get(status), common.get(status)];
    out[String(status)] =
      a === undefined
        ? { $ref: `#/components/responses/${commonName(status, dialect)}` }
        : responseObject(status, {
            texts: [...a.texts, ...(b?.texts ?? [])],
            content: new Map([...a.content, ...(b?.content ?? [])]),
          });
  }
  return out;
}

/** What operations refer to: the refusals of tokens in each dialect, the rate limit, and what nobody expected. */
export function responseComponents(dialects: readonly Dialect[]): JsonSchema {
  return Object.fromEntries(
    dialects.flatMap((dialect) =>
      [...commonResponses({ scope: "read", method: "get", path: "/api/" }, dialect)].map(
        ([status, draft]) => [commonName(status, dialect), responseObject(status, draft)],
      ),
    ),
  );
}

function ownResponses(o: Operation, dialect: Dialect, toJson: ToJson): Map<number, Draft> {
  const out = new Map<number, Draft>();
  for (const [status, { description, content = {} }] of Object.entries(o.answers)) {
    const media = Object.entries(content).map(([type, schema]) => [type, toJson(schema)]);
    add(out, Number(status), description, Object.fromEntries(media));
  }
  for (const [status, text] of Object.entries(o.failures ?? {}))
    add(out, Number(status), text, ERROR_BODIES[dialect]);
  for (const [status, codes] of Object.entries(o.problems ?? {}))
    add(out, Number(status), explained(codes), ERROR_BODIES.vedette);
  return out;
}

const TOKEN_CODES = {
  401: ["token_missing", "token_unknown", "token_revoked"],
  403: ["scope_missing", "cross_site"],
  503: ["token_state_unavailable"],
} as const satisfies Readonly<Record<number, readonly ErrorCode[]>>;

/** What the middleware says: of tokens in the family's own form, else as problem+json. */
function commonResponses(
  { scope, method, path }: Pick<Operation, "scope" | "method" | "path">,
  dialect: Dialect,
): Map<number, Draft> {
  const out = new Map<number, Draft>();
  if (scope !== "none" && scope !== "bootstrap")
    for (const [status, codes] of Object.entries(TOKEN_CODES))
      add(out, Number(status), explained(codes), ERROR_BODIES[dialect]);
  if (rateClassOf(method.toUpperCase(), path) !== undefined)
    add(out, 429, explained(["rate_limited"]), ERROR_BODIES.vedette);
  add(out, 500, explained(["internal_error"]), ERROR_BODIES.vedette);
  return out;
}

const COMMON_NAMES: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  429: "TooManyRequests",
  500: "Unexpected",
  503: "Unavailable",
};

function commonName(status: number, dialect: Dialect): string {
  return `${COMMON_NAMES[status]}-${status in TOKEN_CODES ? dialect : "vedette"}`;
}

function add(
  to: Map<number, Draft>,
  status: number,
  text: string,
  content: Readonly<Record<string, JsonSchema>>,
): void {
  const draft = to.get(status) ?? { texts: [], content: new Map<string, JsonSchema>() };
  if (!draft.texts.includes(text)) draft.texts.push(text);
  for (const [media, schema] of Object.entries(content)) draft.content.set(media, schema);
  to.set(status, draft);
}

function explained(codes: readonly ErrorCode[]): string {
  return codes.map((code) => `\`${code}\`: ${ERROR_CODES[code]}`).join("\n");
}

const RETRY_AFTER: JsonSchema = { "Retry-After": { $ref: "#/components/headers/RetryAfter" } };

function responseObject(status: number, { texts, content }: Draft): JsonSchema {
  const media = [...content].map(([type, schema]) => [type, { schema }] as const);
  return {
    description: texts.join("\n"),
    ...(media.length === 0 ? {} : { content: Object.fromEntries(media) }),
    ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
  };
}
