import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Pairs = readonly (readonly [string, string])[];
export type TestMetric = { readonly labels?: Pairs; readonly timestampMs?: number } & (
  | { readonly value: number }
  | {
      readonly summary: {
        readonly count: number;
        readonly sum: number;
        readonly quantiles: readonly (readonly [number, number])[];
      };
    }
  | {
      readonly histogram: {
        readonly count: number;
        readonly sum: number;
        readonly buckets: readonly (readonly [number, number])[];
      };
    }
  | { readonly native: NativeHistogram }
);

/** Integer counts; `positive` and `negative` are differences. */
export interface NativeHistogram {
  readonly count: number;
  readonly sum: number;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positiveSpans: readonly (readonly [offset: number, length: number])[];
  readonly positive: readonly number[];
  readonly createdMs?: number;
  readonly buckets?: readonly {
    readonly bound: number;
    readonly count: number;
    readonly exemplar?: { readonly trace: string; readonly value: number; readonly timeMs: number };
  }[];
}
export interface TestFamily {
  readonly name: string;
  /** 0 counter, 1 gauge, 2 summary, 3 untyped, 4 histogram. */
  readonly type: number;
  readonly help?: string;
  readonly metrics: readonly TestMetric[];
}

/** Delimited `io.prometheus.client.MetricFamily` messages. */
export function encodeFamilies(families: readonly TestFamily[]): Uint8Array {
  const w = new BinaryWriter();
  for (const f of families) {
    w.fork();
    w.tag(1, WireType.LengthDelimited).string(f.name);
    w.tag(2, WireType.LengthDelimited).string(f.help ?? "");
    w.tag(3, WireType.Varint).int32(f.type);
    for (const m of f.metrics) {
      w.tag(4, WireType.LengthDelimited).fork();
      for (const [name, value] of m.labels ?? []) {
        w.tag(1, WireType.LengthDelimited).fork();
        w.tag(1, WireType.LengthDelimited)
          .string(name)
          .tag(2, WireType.LengthDelimited)
          .string(value)
          .join();
      }
      if ("native" in m) encodeNative(w, m.native);
      else if ("value" in m) {
        const field = { 0: 3, 1: 2, 3: 5 }[f.type] as number;
        w.tag(field, WireType.LengthDelimited).fork().tag(1, WireType.Bit64).double(m.value).join();
      } else {
        const isSummary = "summary" in m;
        const { count, sum } = isSummary ? m.summary : m.histogram;
        w.tag(isSummary ? 4 : 7, WireType.LengthDelimited).fork();
        w.tag(1, WireType.Varint).uint64(count).tag(2, WireType.Bit64).double(sum);
        for (const [a, b] of isSummary ? m.summary.quantiles : m.histogram.buckets) {
          w.tag(3, WireType.LengthDelimited).fork();
          if (isSummary) w.tag(1, WireType.Bit64).double(a).tag(2, WireType.Bit64).double(b);
          else w.tag(1, WireType.Varint).uint64(b).tag(2, WireType.Bit64).double(a);
          w.join();
        }
        w.join();
      }
      if (m.timestampMs !== undefined) w.tag(6, WireType.Varint).int64(m.timestampMs);
      w.join();
    }
    w.join();
  }
  return w.finish();
}

function encodeNative(w: BinaryWriter, h: NativeHistogram): void {
  w.tag(7, WireType.LengthDelimited).fork();
  w.tag(1, WireType.Varint).uint64(h.count).tag(2, WireType.Bit64).double(h.sum);
  for (const b of h.buckets ?? []) {
    w.tag(3, WireType.LengthDelimited).fork();
    w.tag(1, WireType.Varint).uint64(b.count).tag(2, WireType.Bit64).double(b.bound);
    if (b.exemplar !== undefined) {
      const { trace, value, timeMs } = b.exemplar;
      w.tag(3, WireType.LengthDelimited).fork();
      w.tag(1, WireType.LengthDelimited)
        .fork()
        .tag(1, WireType.LengthDelimited)
        .string("trace_id")
        .tag(2, WireType.LengthDelimited)
        .string(trace)
        .join();
      w.tag(2, WireType.Bit64).double(value);
      timestamp(w, 3, timeMs);
      w.join();
    }
    w.join();
  }
  if (h.createdMs !== undefined) timestamp(w, 15, h.createdMs);
  w.tag(5, WireType.Varint).sint32(h.schema);
  w.tag(6, WireType.Bit64).double(h.zeroThreshold);
  w.tag(7, WireType.Varint).uint64(h.zeroCount);
  for (const [offset, length] of h.positiveSpans)
    w.tag(12, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.Varint)
      .sint32(offset)
      .tag(2, WireType.Varint)
      .uint32(length)
      .join();
  for (const n of h.positive) w.tag(13, WireType.Varint).sint64(n);
  w.join();
}

function timestamp(w: BinaryWriter, no: number, ms: number): void {
  w.tag(no, WireType.LengthDelimited)
    .fork()
    .tag(1, WireType.Varint)
    .int64(Math.floor(ms / 1000))
    .tag(2, WireType.Varint)
    .int32((ms % 1000) * 1e6)
    .join();
}
