import type { MatchType, Matcher } from "../../../core/matchers";
import { type Result, err, ok } from "../../../core/result";
import { ProtoWalker, WireFormatError } from "../../../ingest/remote-write/walker";

/** One query of a remote read: samples with startMs ≤ t ≤ endMs of the series that the matchers accept. */
export interface ReadQuery {
  readonly startMs: number;
  readonly endMs: number;
  readonly matchers: readonly Matcher[];
}

/** `prometheus.ReadRequest.ResponseType`. */
export const SAMPLES = 0;
export const STREAMED_XOR_CHUNKS = 1;

export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** In the order the client prefers them; none: samples. */
  readonly accepted: readonly number[];
}

const MATCH_TYPES: readonly MatchType[] = ["=", "!=", "=~", "!~"];

/**
 * The protobuf `prometheus.ReadRequest`
 * (https://github.com/prometheus/prometheus/blob/main/prompb/remote.proto). A query's hints are passed over:
 * they allow an answer from fewer samples, and the samples themselves are asked for here.
 */
export function decodeReadRequest(bytes: Uint8Array): Result<ReadRequest, string> {
  const w = new ProtoWalker(bytes);
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  try {
    while (w.at < bytes.length) {
      const tag = w.tag(bytes.length);
      if (tag === field(1, 2)) {
        const query = readQuery(w, w.lengthEnd(bytes.length));
        if (!query.ok) return query;
        queries.push(query.value);
      } else if (tag === field(2, 0)) accepted.push(w.int64(bytes.length));
      else if (tag === field(2, 2)) {
        const end = w.lengthEnd(bytes.length);
        while (w.at < end) accepted.push(w.int64(end));
      } else w.skip(tag, bytes.length);
    }
  } catch (e) {
    if (e instanceof WireFormatError) return err(`at byte ${e.at}: ${e.message}`);
    throw e;
  }
  return ok({ queries, accepted });
}

function readQuery(w: ProtoWalker, end: number): Result<ReadQuery, string> {
  let startMs = 0;
  let endMs = 0;
  const matchers: Matcher[] = [];
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === field(1, 0)) startMs = w.int64(end);
    else if (tag === field(2, 0)) endMs = w.int64(end);
    else if (tag === field(3, 2)) {
      const matcher = readMatcher(w, w.lengthEnd(end));
      if (!matcher.ok) return matcher;
      matchers.push(matcher.value);
    } else w.skip(tag, end);
  }
  return ok({ startMs, endMs, matchers });
}

function readMatcher(w: ProtoWalker, end: number): Result<Matcher, string> {
  let type = 0;
  let name: string | undefined = "";
  let value: string | undefined = "";
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === field(1, 0)) type = w.int64(end);
    else if (tag === field(2, 2)) name = w.text(end);
    else if (tag === field(3, 2)) value = w.text(end);
    else w.skip(tag, end);
  }
  const matchType = MATCH_TYPES[type];
  if (matchType === undefined) return err(`invalid matcher type ${type}`);
  if (name === undefined || value === undefined) return err("a matcher that is not UTF-8");
  return ok({ type: matchType, name, value });
}

function field(number: number, wireType: number): number {
  return (number << 3) | wireType;
}
