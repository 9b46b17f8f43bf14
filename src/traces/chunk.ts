import { gunzip, gzip } from "../core/gzip";
import {
  SPAN_KINDS,
  SPAN_STATUSES,
  type Span,
  type SpanEvent,
  type SpanLink,
} from "../core/traces";

/**
 * The spans of a chunk as bytes: `VSC`, version, length, then gzip of the columns as JSON.
 * Drawn in docs/formats/trace-row.md.
 */
const MAGIC = [0x56, 0x53, 0x43];
const VERSION = 1;
const HEADER = 8;
const MAX_COLUMNS = 32 * 1024 * 1024;

/** Thrown by {@link decodeSpans}: the bytes are no chunk of a version this code knows. */
export class SpanChunkError extends Error {
  override readonly name = "SpanChunkError";
}

/** Columns; span i has the i-th value of each. Times are ns since `t0`, which is a decimal string. */
export interface SpanColumns {
  readonly t0: string;
  readonly t: readonly number[];
  readonly d: readonly number[];
  readonly id: readonly string[];
  readonly p: readonly string[];
  readonly tr: Dictionary;
  readonly n: Dictionary;
  readonly k: readonly number[];
  readonly st: readonly number[];
  readonly sm: Dictionary;
  readonly s: Dictionary;
  readonly sc: Dictionary;
  /** Resources as JSON text by dictionary: a request has few. */
  readonly r: Dictionary;
  /** Attribute names that spans share, which of them each span has, and the values in turn. */
  readonly ak: readonly (readonly string[])[];
  readonly a: readonly number[];
  readonly v: readonly (readonly unknown[])[];
  /** Events and links by span number; spans without any are absent. */
  readonly e: readonly (readonly [number, readonly (readonly [number, string, unknown])[]])[];
  readonly l: readonly (readonly [number, readonly (readonly [string, string, unknown])[]])[];
}

interface Dictionary {
  readonly d: readonly string[];
  readonly i: readonly number[];
}

/** @param spans sorted by start */
export async function encodeSpans(spans: readonly Span[]): Promise<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(toSpanColumns(spans)));
  const packed = await gzip(json);
  const out = new Uint8Array(HEADER + packed.length);
  out.set(MAGIC);
  out[3] = VERSION;
  new DataView(out.buffer).setUint32(4, json.length, true);
  out.set(packed, HEADER);
  return out;
}

/** @throws SpanChunkError */
export async function decodeSpans(bytes: Uint8Array): Promise<Span[]> {
  if (bytes.length < HEADER || MAGIC.some((b, i) => bytes[i] !== b))
    throw new SpanChunkError("not a span chunk");
  if (bytes[3] !== VERSION) throw new SpanChunkError(`span chunk version ${bytes[3]} is not known`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (length > MAX_COLUMNS)
    throw new SpanChunkError(`a span chunk of ${length} bytes unfolded is too large`);
  const json = await gunzip(bytes.subarray(HEADER), length);
  // Written by encodeSpans alone: magic and version say so.
  return fromSpanColumns(JSON.parse(new TextDecoder().decode(json)) as SpanColumns);
}

export function toSpanColumns(spans: readonly Span[]): SpanColumns {
  const t0 = spans[0]?.startNs ?? 0n;
  const shapes = new Map<string, number>();
  const ak: (readonly string[])[] = [];
  const a = spans.map((s) => {
    const names = Object.keys(s.attributes);
    const key = JSON.stringify(names);
    const known = shapes.get(key);
    if (known !== undefined) return known;
    shapes.set(key, ak.length);
    return ak.push(names) - 1;
  });
  return {
    t0: String(t0),
    t: spans.map((s) => Number(s.startNs - t0)),
    d: spans.map((s) => s.durationNs),
    id: spans.map((s) => s.spanId),
    p: spans.map((s) => s.parentSpanId),
    tr: dictionary(spans, (s) => s.traceId),
    n: dictionary(spans, (s) => s.name),
    k: spans.map((s) => SPAN_KINDS.indexOf(s.kind)),
    st: spans.map((s) => SPAN_STATUSES.indexOf(s.status)),
    sm: dictionary(spans, (s) => s.statusMessage),
    s: dictionary(spans, (s) => s.service),
    sc: dictionary(spans, (s) => s.scope),
    r: dictionary(spans, (s) => JSON.stringify(s.resource)),
    ak,
    a,
    v: spans.map((s) => Object.values(s.attributes)),
    e: spans.flatMap((s, i) =>
      s.events.length === 0
        ? []
        : [
            [
              i,
              s.events.map((e) => [Number(e.timeNs - s.startNs), e.name, e.attributes] as const),
            ] as const,
          ],
    ),
    l: spans.flatMap((s, i) =>
      s.links.length === 0
        ? []
        : [[i, s.links.map((l) => [l.traceId, l.spanId, l.attributes] as const)] as const],
    ),
  };
}

function fromSpanColumns(c: SpanColumns): Span[] {
  const t0 = BigInt(c.t0);
  const events = new Map(c.e);
  const links = new Map(c.l);
  const resources = c.r.d.map((r) => JSON.parse(r) as Span["resource"]);
  return c.id.map((spanId, i) => {
    const startNs = t0 + BigInt(c.t[i] ?? 0);
    const names = c.ak[c.a[i] ?? 0] ?? [];
    const values = c.v[i] ?? [];
    return {
      traceId: lookup(c.tr, i),
      spanId,
      parentSpanId: c.p[i] ?? "",
      name: lookup(c.n, i),
      kind: SPAN_KINDS[c.k[i] ?? 0] ?? "unspecified",
      startNs,
      durationNs: c.d[i] ?? 0,
      status: SPAN_STATUSES[c.st[i] ?? 0] ?? "unset",
      statusMessage: lookup(c.sm, i),
      service: lookup(c.s, i),
      scope: lookup(c.sc, i),
      attributes: Object.fromEntries(names.map((n, j) => [n, values[j]])),
      resource: resources[c.r.i[i] ?? 0] ?? {},
      events: (events.get(i) ?? []).map(([at, name, attributes]): SpanEvent => ({
        timeNs: startNs + BigInt(at),
        name,
        // Put in by toSpanColumns from a SpanEvent.
        attributes: attributes as SpanEvent["attributes"],
      })),
      links: (links.get(i) ?? []).map(([traceId, linked, attributes]): SpanLink => ({
        traceId,
        spanId: linked,
        attributes: attributes as SpanLink["attributes"],
      })),
    };
  });
}

function dictionary(spans: readonly Span[], pick: (s: Span) => string): Dictionary {
  const at = new Map<string, number>();
  const i = spans.map((s) => {
    const v = pick(s);
    const known = at.get(v);
    if (known !== undefined) return known;
    at.set(v, at.size);
    return at.size - 1;
  });
  return { d: [...at.keys()], i };
}

function lookup(d: Dictionary, i: number): string {
  return d.d[d.i[i] ?? -1] ?? "";
}
