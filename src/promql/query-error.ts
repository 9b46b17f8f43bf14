/** Prometheus' error types, as its HTTP API names them. */
export type QueryErrorKind = "bad_data" | "execution" | "timeout" | "canceled" | "unavailable";

/** A query that could not be answered. `message` is Prometheus' own where it has one. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  constructor(
    readonly kind: QueryErrorKind,
    message: string,
  ) {
    super(message);
  }
}

export const TOO_MANY_SAMPLES =
  "query processing would load too many samples into memory in query execution";
export const DUPLICATE_LABELSET = "vector cannot contain metrics with the same labelset";

export function executionError(message: string): never {
  throw new QueryError("execution", message);
}
