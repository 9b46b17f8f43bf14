import { BatchBuilder } from "../core/batch";
import type { ProductEvent } from "../core/events";
import { METRIC_NAME, labelsOf } from "../core/labels";
import type { MetricMetadata } from "../core/series";
import { BROWSER_ERROR, PAGE_VIEW, VITALS, type VitalKind, WEB_VITAL } from "./well-known";

const METADATA: readonly MetricMetadata[] = [
  { name: "events_total", type: "counter", help: "Product events taken in.", unit: "" },
  { name: "page_views_total", type: "counter", help: "Page views taken in.", unit: "" },
  {
    name: "browser_errors_total",
    type: "counter",
    help: "Uncaught errors and unhandled rejections that browsers reported.",
    unit: "",
  },
];

/**
 * What a request's events add to the project's series, as increments at `nowMs`: counters tell when events
 * arrived. `batchId` makes them count once: the same events give the same id.
 */
export function eventMetrics(
  events: readonly ProductEvent[],
  options: {
    readonly batchId: string;
    readonly nowMs: number;
    readonly label: (name: string) => string;
  },
): Uint8Array {
  const batch = new BatchBuilder(options.batchId);
  const add = (labels: Readonly<Record<string, string>>, amount: number): void =>
    batch.increment(batch.series(labelsOf(labels)), options.nowMs, amount);
  const described = new Set<string>();
  for (const [name, count] of countBy(events.map((e) => options.label(e.name)))) {
    add({ [METRIC_NAME]: "events_total", event: name }, count);
    described.add("events_total");
  }
  for (const [event, metric] of [
    [PAGE_VIEW, "page_views_total"],
    [BROWSER_ERROR, "browser_errors_total"],
  ] as const) {
    const count = events.reduce((n, e) => n + (e.name === event ? 1 : 0), 0);
    if (count > 0) add({ [METRIC_NAME]: metric }, count);
    if (count > 0) described.add(metric);
  }
  for (const m of METADATA) if (described.has(m.name)) batch.metadata(m);
  for (const [kind, values] of vitalsOf(events)) {
    const measured = values.map((v) => v * kind.scale);
    // Buckets that nothing fell into are there too, at 0: quantiles interpolate between neighbours.
    for (const le of [...kind.bounds, Infinity])
      add(
        { [METRIC_NAME]: `${kind.metric}_bucket`, le: le === Infinity ? "+Inf" : String(le) },
        measured.reduce((n, v) => n + (v <= le ? 1 : 0), 0),
      );
    add(
      { [METRIC_NAME]: `${kind.metric}_sum` },
      measured.reduce((a, b) => a + b, 0),
    );
    add({ [METRIC_NAME]: `${kind.metric}_count` }, measured.length);
    batch.metadata({
      name: kind.metric,
      type: "histogram",
      help: "Web vital, as browsers measured it.",
      unit: kind.metric.endsWith("_seconds") ? "seconds" : "",
    });
  }
  return batch.finish();
}

/** Ten minutes in ms: larger values are a sleeping laptop's. */
const MAX_VITAL = 10 * 60_000;

function vitalsOf(events: readonly ProductEvent[]): Map<VitalKind, number[]> {
  const found = new Map<VitalKind, number[]>();
  for (const e of events) {
    if (e.name !== WEB_VITAL) continue;
    const name = e.properties["name"];
    const kind = typeof name === "string" && Object.hasOwn(VITALS, name) ? VITALS[name] : undefined;
    if (kind === undefined || e.value === null || e.value < 0 || e.value > MAX_VITAL) continue;
    const values = found.get(kind) ?? [];
    values.push(e.value);
    found.set(kind, values);
  }
  return found;
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const n of names) counts.set(n, (counts.get(n) ?? 0) + 1);
  return counts;
}
