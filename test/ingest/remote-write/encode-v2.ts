import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Test-side encoder of `io.prometheus.write.v2.Request`, written apart from the decoder it checks. */
export type Pairs = readonly (readonly [string, string])[];

export interface HistogramV2 {
  readonly timeMs: number;
  readonly schema: number;
  readonly count: number;
  readonly sum: number | Uint8Array;
  readonly floats?: boolean;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly positiveSpans?: readonly (readonly [offset: number, length: number])[];
  /** Differences, or counts where `floats`. */
  readonly positive?: readonly number[];
  readonly negativeSpans?: readonly (readonly [offset: number, length: number])[];
  readonly negative?: readonly number[];
  readonly customValues?: readonly number[];
  readonly hint?: number;
  readonly startMs?: number;
}

export interface SeriesV2 {
  readonly labels: Pairs;
  readonly samples?: readonly (readonly [timeMs: number, value: number | Uint8Array])[];
  readonly histograms?: readonly HistogramV2[];
  readonly exemplars?: readonly {
    readonly labels: Pairs;
    readonly value: number;
    readonly timeMs: number;
  }[];
  readonly metadata?: { readonly type: number; readonly help?: string; readonly unit?: string };
  readonly createdMs?: number;
}

export function encodeRequestV2(series: readonly SeriesV2[], symbolsLast = false): Uint8Array {
  const symbols = new Map<string, number>([["", 0]]);
  const ref = (s: string): number => {
    const known = symbols.get(s);
    if (known !== undefined) return known;
    symbols.set(s, symbols.size);
    return symbols.size - 1;
  };
  const body = new BinaryWriter();
  const refs = (pairs: Pairs): void => {
    body.tag(1, WireType.LengthDelimited).fork();
    for (const [n, v] of pairs) body.uint32(ref(n)).uint32(ref(v));
    body.join();
  };
  const double = (v: number | Uint8Array): void => {
    if (typeof v === "number") body.double(v);
    else body.raw(v);
  };
  for (const s of series) {
    body.tag(5, WireType.LengthDelimited).fork();
    refs(s.labels);
    for (const [time, value] of s.samples ?? []) {
      body.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.Bit64);
      double(value);
      body.tag(2, WireType.Varint).int64(time).join();
    }
    for (const h of s.histograms ?? []) {
      body.tag(3, WireType.LengthDelimited).fork();
      encodeHistogram(body, h);
      body.join();
    }
    for (const e of s.exemplars ?? []) {
      body.tag(4, WireType.LengthDelimited).fork();
      refs(e.labels);
      body.tag(2, WireType.Bit64).double(e.value).tag(3, WireType.Varint).int64(e.timeMs).join();
    }
    if (s.metadata !== undefined) {
      body.tag(5, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(s.metadata.type);
      body.tag(3, WireType.Varint).uint32(ref(s.metadata.help ?? ""));
      body
        .tag(4, WireType.Varint)
        .uint32(ref(s.metadata.unit ?? ""))
        .join();
    }
    if (s.createdMs !== undefined) body.tag(6, WireType.Varint).int64(s.createdMs);
    body.join();
  }
  const head = new BinaryWriter();
  for (const s of symbols.keys()) head.tag(4, WireType.LengthDelimited).string(s);
  const parts = [head.finish(), body.finish()];
  if (symbolsLast) parts.reverse();
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  out.set(parts[0] as Uint8Array);
  out.set(parts[1] as Uint8Array, (parts[0] as Uint8Array).length);
  return out;
}

/** The fields of a `Histogram`, which versions 1.0 and 2.0 share. */
export function encodeHistogram(w: BinaryWriter, h: HistogramV2): void {
  const floats = h.floats === true;
  if (floats) w.tag(2, WireType.Bit64).double(h.count);
  else w.tag(1, WireType.Varint).uint64(h.count);
  w.tag(3, WireType.Bit64);
  if (typeof h.sum === "number") w.double(h.sum);
  else w.raw(h.sum);
  w.tag(4, WireType.Varint).sint32(h.schema);
  w.tag(5, WireType.Bit64).double(h.zeroThreshold ?? 0);
  if (floats) w.tag(7, WireType.Bit64).double(h.zeroCount ?? 0);
  else w.tag(6, WireType.Varint).uint64(h.zeroCount ?? 0);
  const side = (
    no: number,
    spans: HistogramV2["positiveSpans"] = [],
    values: readonly number[] = [],
  ): void => {
    for (const [offset, length] of spans)
      w.tag(no, WireType.LengthDelimited)
        .fork()
        .tag(1, WireType.Varint)
        .sint32(offset)
        .tag(2, WireType.Varint)
        .uint32(length)
        .join();
    w.tag(no + (floats ? 2 : 1), WireType.LengthDelimited).fork();
    for (const v of values) {
      if (floats) w.double(v);
      else w.sint64(v);
    }
    w.join();
  };
  side(8, h.negativeSpans, h.negative);
  side(11, h.positiveSpans, h.positive);
  w.tag(14, WireType.Varint).int32(h.hint ?? 0);
  w.tag(15, WireType.Varint).int64(h.timeMs);
  if (h.customValues !== undefined) {
    w.tag(16, WireType.LengthDelimited).fork();
    for (const v of h.customValues) w.double(v);
    w.join();
  }
  if (h.startMs !== undefined) w.tag(17, WireType.Varint).int64(h.startMs);
}
