import { ByteReader } from "./byte-reader";
import { ByteWriter } from "./byte-writer";
import type { Histogram } from "./histogram";
import { putHistogram, readHistogram } from "./histogram-bytes";
import { encodeLabels } from "./label-bytes";
import type { Labels } from "./labels";

/** A native histogram sample of a batch. `series` is a number of the batch. */
export interface BatchHistogram {
  readonly series: number;
  readonly timeMs: number;
  readonly histogram: Histogram;
}

export interface BatchExemplar {
  readonly series: number;
  readonly timeMs: number;
  readonly value: number;
  /** As label-bytes.ts writes them. */
  readonly labelBytes: Uint8Array;
}

/**
 * That a series began at 0 at `createdMs` (OpenMetrics `_created`, remote write 2.0 created timestamp, OTLP start
 * time): the shard writes a zero there where the series has nothing as new, so that `increase()` sees the first value.
 */
export interface BatchCreated {
  readonly series: number;
  readonly createdMs: number;
  /** Whether the zero is an empty histogram, else 0. */
  readonly histogram: boolean;
}

export interface BatchExtras {
  readonly histograms: readonly BatchHistogram[];
  readonly exemplars: readonly BatchExemplar[];
  readonly created: readonly BatchCreated[];
}

export const NO_EXTRAS: BatchExtras = { histograms: [], exemplars: [], created: [] };

/** What a batch carries beside float samples, as its last section; drawn in docs/formats/batch.md. */
export class ExtrasBuilder {
  private readonly histograms = new ByteWriter();
  private readonly exemplars = new ByteWriter();
  private readonly created = new ByteWriter();
  histogramCount = 0;
  exemplarCount = 0;
  createdCount = 0;

  get isEmpty(): boolean {
    return this.histogramCount + this.exemplarCount + this.createdCount === 0;
  }

  histogram(series: number, timeMs: number, h: Histogram): void {
    this.histograms.varint(series);
    this.histograms.f64(timeMs);
    putHistogram(this.histograms, h);
    this.histogramCount++;
  }

  exemplar(series: number, timeMs: number, value: number, labels: Labels): void {
    this.exemplarBytes(series, timeMs, value, encodeLabels(labels));
  }

  exemplarBytes(series: number, timeMs: number, value: number, labelBytes: Uint8Array): void {
    this.exemplars.varint(series);
    this.exemplars.f64(timeMs);
    this.exemplars.f64(value);
    this.exemplars.block(labelBytes);
    this.exemplarCount++;
  }

  zero(series: number, createdMs: number, histogram: boolean): void {
    this.created.varint(series);
    this.created.f64(createdMs);
    this.created.u8(histogram ? 1 : 0);
    this.createdCount++;
  }

  finish(): Uint8Array {
    if (this.isEmpty) return new Uint8Array();
    const w = new ByteWriter(
      30 + this.histograms.length + this.exemplars.length + this.created.length,
    );
    w.varint(this.histogramCount);
    w.put(this.histograms.view());
    w.varint(this.exemplarCount);
    w.put(this.exemplars.view());
    w.varint(this.createdCount);
    w.put(this.created.view());
    return w.finish();
  }
}

/** @throws CorruptBytesError for bytes that {@link ExtrasBuilder} does not write */
export function readExtras(bytes: Uint8Array): BatchExtras {
  if (bytes.length === 0) return NO_EXTRAS;
  const r = new ByteReader(bytes);
  const list = <T>(read: () => T): T[] => {
    const out: T[] = [];
    for (let n = r.varint(); n > 0; n--) out.push(read());
    return out;
  };
  return {
    histograms: list(() => ({ series: r.varint(), timeMs: r.f64(), histogram: readHistogram(r) })),
    exemplars: list(() => ({
      series: r.varint(),
      timeMs: r.f64(),
      value: r.f64(),
      labelBytes: r.block(),
    })),
    created: list(() => ({ series: r.varint(), createdMs: r.f64(), histogram: r.u8() === 1 })),
  };
}
