import { ERROR_CODES, type ErrorCode } from "../error-codes";
import { rateClassOf } from "../rate-limit";
import { ERROR_BODIES } from "./dialects";
import type { Answer, Dialect, JsonSchema, Operation, Schema } from "./model";

/** Status → what it means and its bodies, of an operation's own answers and of what every route may say. */
export function responsesOf(
  operation: Operation,
  dialect: Dialect,
  toJson: (schema: Schema) => JsonSchema,
): Readonly<Record<string, JsonSchema>> {
  const out = new Map<
    number,
    { readonly texts: string[]; readonly content: Map<string, JsonSchema> }
  >();
  const add = (status: number, text: string, content: Answer["content"] = {}): void => {
    const entry = out.get(status) ?? {
      texts: [] as string[],
      content: new Map<string, JsonSchema>(),
    };
    entry.texts.push(text);
    for (const [media, schema] of Object.entries(content)) entry.content.set(media, toJson(schema));
    out.set(status, entry);
  };
  for (const [status, answer] of Object.entries(operation.answers))
    add(Number(status), answer.description, answer.content);
  for (const [status, text] of Object.entries(operation.failures ?? {}))
    add(Number(status), text, ERROR_BODIES[dialect]);
  for (const [status, text] of refusals(operation)) add(status, text, ERROR_BODIES[dialect]);
  for (const [status, codes] of problems(operation))
    add(status, codes.map(explained).join("\n"), ERROR_BODIES.vedette);
  return Object.fromEntries(
    [...out].map(([status, { texts, content }]) => [
      String(status),
      {
        description: texts.join("\n"),
        ...(content.size === 0 ? {} : { content: mediaTypes(content) }),
        ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
      },
    ]),
  );
}

const RETRY_AFTER: JsonSchema = { "Retry-After": { $ref: "#/components/headers/RetryAfter" } };

const TOKEN_CODES = {
  401: ["token_missing", "token_unknown", "token_revoked"],
  403: ["scope_missing", "cross_site"],
  503: ["token_state_unavailable"],
} as const satisfies Readonly<Record<number, readonly ErrorCode[]>>;

/** A token that was not accepted, told in the family's own form. */
function refusals({ scope }: Operation): readonly (readonly [number, string])[] {
  if (scope === "none" || scope === "bootstrap") return [];
  return Object.entries(TOKEN_CODES).map(([status, codes]) => [
    Number(status),
    codes.map(explained).join("\n"),
  ]);
}

/** What is told as problem+json in every family: the route's own problems, the rate limit, and what nobody expected. */
function problems(operation: Operation): Map<number, readonly ErrorCode[]> {
  const out = new Map<number, readonly ErrorCode[]>();
  const add = (status: number, codes: readonly ErrorCode[]): void => {
    out.set(status, [...new Set([...(out.get(status) ?? []), ...codes])]);
  };
  for (const [status, codes] of Object.entries(operation.problems ?? {}))
    add(Number(status), codes);
  if (rateClassOf(operation.method.toUpperCase(), operation.path) !== undefined)
    add(429, ["rate_limited"]);
  add(500, ["internal_error"]);
  return out;
}

function explained(code: ErrorCode): string {
  return `\`${code}\`: ${ERROR_CODES[code]}`;
}

function mediaTypes(content: ReadonlyMap<string, JsonSchema>): JsonSchema {
  return Object.fromEntries([...content].map(([media, schema]) => [media, { schema }]));
}
