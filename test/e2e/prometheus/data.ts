import { ProtoWriter } from "../../../src/http/prometheus/proto-writer";
import { encodeSnappy } from "../../../src/ingest/snappy/encode";

/** A series with its samples, times in ms. */
export interface Written {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [number, number])[];
  /** Native histograms of one populated bucket each: time, count. */
  readonly histograms?: readonly (readonly [number, number])[];
  /** Each of one trace id: time, value, id. */
  readonly exemplars?: readonly (readonly [number, number, string])[];
}

/** A remote-write request of version 1.0, compressed. */
export function writeRequest(series: readonly Written[]): Uint8Array {
  const w = new ProtoWriter();
  for (const s of series) {
    w.message(1, (m) => {
      for (const name of Object.keys(s.labels).sort()) {
        m.message(1, (label) => {
          label.text(1, name);
          label.text(2, s.labels[name] as string);
        });
      }
      for (const [time, value] of s.samples) {
        m.message(2, (sample) => {
          sample.double(1, value);
          sample.int(2, time);
        });
      }
      for (const [time, value, id] of s.exemplars ?? []) {
        m.message(3, (exemplar) => {
          exemplar.message(1, (label) => {
            label.text(1, "trace_id");
            label.text(2, id);
          });
          exemplar.double(2, value);
          exemplar.int(3, time);
        });
      }
      for (const [time, count] of s.histograms ?? [])
        m.message(4, (h) => histogram(h, time, count));
    });
  }
  return encodeSnappy(w.bytes.finish());
}

function histogram(w: ProtoWriter, time: number, count: number): void {
  w.int(1, count);
  w.double(3, 1.5 * count);
  w.sint(4, 0);
  w.double(5, 0.001);
  w.int(6, 0);
  w.message(11, (span) => {
    span.sint(1, 1);
    span.int(2, 1);
  });
  w.bytes.varint((12 << 3) | 2);
  const delta = new ProtoWriter();
  delta.bytes.zigzag(count);
  w.bytes.block(delta.bytes.view());
  w.int(15, time);
}

/** The step between samples, s. */
export const STEP = 15;
/** Samples of a series. */
export const COUNT = 60;

/**
 * Fifteen minutes of series of several kinds, up to `end` (s). Samples lie a second beside the grid of quarter
 * minutes, so that no sample is at the end of a range, where Prometheus 2 and 3 differ.
 */
export function dataSet(end: number): Written[] {
  const times = Array.from({ length: COUNT }, (_, i) => (end - STEP * (COUNT - 1 - i) - 14) * 1000);
  const samples = (f: (i: number) => number): (readonly [number, number])[] =>
    times.map((t, i) => [t, f(i)] as const);
  const out: Written[] = [];
  for (const [k, instance] of ["a:80", "b:80", "c:80"].entries()) {
    for (const code of ["200", "500"]) {
      out.push({
        labels: { __name__: "requests_total", job: "web", instance, code },
        // The counter of c starts anew half way.
        samples: samples(
          (i) => (k + 1) * (k === 2 && i > 30 ? i - 30 : i) * (code === "200" ? 10 : 1),
        ),
      });
    }
    out.push({
      labels: { __name__: "temperature", job: "room", instance },
      samples: samples((i) => 20 + k + Math.round(30 * Math.sin(i / 7)) / 8),
    });
    for (const [le, part] of [
      ["0.1", 0.25],
      ["1", 0.75],
      ["+Inf", 1],
    ] as const)
      out.push({
        labels: { __name__: "latency_bucket", job: "web", instance, le },
        samples: samples((i) => 8 * (k + 1) * i * part),
      });
  }
  out.push(
    { labels: { __name__: "odd", kind: "nan" }, samples: samples(() => Number.NaN) },
    { labels: { __name__: "odd", kind: "inf" }, samples: samples(() => Infinity) },
    { labels: { __name__: "odd", kind: "ninf" }, samples: samples(() => -Infinity) },
    { labels: { __name__: "odd", kind: "tiny" }, samples: samples((i) => i * 1e-9) },
    { labels: { __name__: "odd", kind: "huge" }, samples: samples((i) => (i + 1) * 1e22) },
    { labels: { __name__: "gone", job: "web" }, samples: samples((i) => i).slice(20, 40) },
    ...["a:80", "b:80"].map((instance, k) => ({
      labels: { __name__: "traced_total", job: "web", instance },
      samples: samples((i) => i),
      exemplars: [1, 2, 3].map((i) => [times[10 * i] as number, i + k / 8, `t${k}${i}`] as const),
    })),
    ...["a:80", "b:80"].map((instance, k) => ({
      labels: { __name__: "native", job: "web", instance },
      samples: [],
      histograms: samples((i) => (k + 1) * (4 * i + 4)),
    })),
    { labels: { __name__: "quoted", text: 'a "b" \\ c\nd é 😀' }, samples: samples((i) => i) },
  );
  return out;
}
