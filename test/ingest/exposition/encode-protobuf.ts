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
);
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
      if ("value" in m) {
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
