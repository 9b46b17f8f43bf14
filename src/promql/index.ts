export type { Expr, Span } from "./ast";
export { typeOf } from "./check";
export {
  DEFAULT_MAX_SAMPLES,
  type MatrixSeries,
  type QueryOptions,
  type QueryResult,
  type VectorSample,
  evalInstant,
  evalRange,
} from "./engine";
export { formatFloat } from "./format-float";
export { type ParseError, renderParseError } from "./parse-error";
export { parseExpr, parseSelector } from "./parser";
export { DEFAULT_LOOKBACK_MS, type SelectorReach, selectorsOf } from "./plan";
export { renderExpr } from "./print";
export { QueryError, type QueryErrorKind } from "./query-error";
