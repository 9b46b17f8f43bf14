import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { LogLine } from "../core/logs";

/** `log_lines_total{service,level}`: increments as a packed batch that counts once per batch id. */
export function logMetrics(batchId: string, lines: readonly LogLine[], nowMs: number): Uint8Array {
  const counts = new Map<string, { readonly service: string; readonly level: string; n: number }>();
  for (const { service, level } of lines) {
    const key = `${level} ${service}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { service, level, n: 1 });
    else known.n++;
  }
  const batch = new BatchBuilder(`logs:${batchId}`);
  batch.metadata({
    name: "log_lines_total",
    type: "counter",
    help: "Log lines received.",
    unit: "",
  });
  for (const { service, level, n } of counts.values()) {
    batch.increment(
      batch.series(labelsOf({ __name__: "log_lines_total", service, level })),
      nowMs,
      n,
    );
  }
  return batch.finish();
}
