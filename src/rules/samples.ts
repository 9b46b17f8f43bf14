import { BatchBuilder } from "../core/batch";
import { STALE_BYTES } from "../core/stale";
import type { PendingSample } from "./pending";

/** One evaluation's samples and stale markers as one packed batch; undefined where there is none. */
export function packSamples(samples: readonly PendingSample[]): Uint8Array | undefined {
  if (samples.length === 0) return undefined;
  const batch = new BatchBuilder();
  for (const s of samples) {
    const ref = batch.series(s.labels);
    if (s.histogram !== undefined) batch.histogram(ref, s.timeMs, s.histogram);
    else if (s.value === undefined) batch.sampleBytes(ref, s.timeMs, STALE_BYTES, 0);
    else batch.sample(ref, s.timeMs, s.value);
  }
  return batch.finish();
}
