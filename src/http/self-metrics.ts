import { BatchBuilder } from "../core/batch";
import { METRIC_NAME, labelsOf } from "../core/labels";
import { NotificationCounts, type ObservedNotification } from "./notification-metrics";

/**
 * Vedette's own requests, counted in the isolate and sent as increments to the default
 * project in one batch per flush: never one append per request. Each batch has an id of
 * its own, so that a batch sent twice counts once.
 */
export interface SelfMetrics {
  /** Counts one answered request. `route` is the pattern, never the path: cardinality stays bounded. */
  observe(request: ObservedRequest): void;
  /** Counts one request to a Durable Object: what Cloudflare bills besides the Worker's own. */
  countObjectRequest(className: string): void;
  /** Counts samples left out because another replica of the sender's pair writes them. */
  countDeduplicated(samples: number): void;
  /** Counts one attempt to deliver a message. */
  observeNotification(notification: ObservedNotification): void;
  /** Everything counted since the last take as a packed batch, or undefined where there is nothing. */
  take(batchId: string, nowMs: number): Uint8Array | undefined;
  /** Prometheus text of the isolate's running totals, for `/metrics`. */
  render(): string;
}

export interface ObservedRequest {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

/** Upper bounds in seconds: Prometheus clients' default set. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Cell {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  count: number;
  sum: number;
  readonly buckets: number[];
}

export function makeSelfMetrics(): SelfMetrics {
  const totals = new Map<string, Cell>();
  let pending = new Map<string, Cell>();
  const objectTotals = new Map<string, number>();
  let objectPending = new Map<string, number>();
  let deduplicated = 0;
  let deduplicatedPending = 0;
  const notificationTotals = new NotificationCounts();
  let notificationsPending = new NotificationCounts();
  return {
    observeNotification(notification) {
      for (const counts of [notificationTotals, notificationsPending]) counts.add(notification);
    },
    countDeduplicated(samples) {
      deduplicated += samples;
      deduplicatedPending += samples;
    },
    countObjectRequest(className) {
      for (const counts of [objectTotals, objectPending]) {
        counts.set(className, (counts.get(className) ?? 0) + 1);
      }
    },
    observe(request) {
      for (const cells of [totals, pending]) add(cells, request);
    },
    take(batchId, nowMs) {
      if (pending.size === 0 && notificationsPending.empty) return undefined;
      const taken = pending;
      pending = new Map();
      const objects = objectPending;
      objectPending = new Map();
      const left = deduplicatedPending;
      deduplicatedPending = 0;
      const notifications = notificationsPending;
      notificationsPending = new NotificationCounts();
      return pack(taken.values(), objects, left, notifications, batchId, nowMs);
    },
    render: () =>
      `${render([...totals.values()], objectTotals, deduplicated)}${notificationTotals.lines().join("\n")}\n`,
  };
}

function add(cells: Map<string, Cell>, r: ObservedRequest): void {
  const key = `${r.route} ${r.method} ${r.status}`;
  let cell = cells.get(key);
  if (cell === undefined) {
    cell = {
      route: r.route,
      method: r.method,
      status: r.status,
      count: 0,
      sum: 0,
      buckets: BUCKETS.map(() => 0),
    };
    cells.set(key, cell);
  }
  cell.count++;
  cell.sum += r.seconds;
  BUCKETS.forEach((le, i) => {
    if (r.seconds <= le) (cell.buckets[i] as number)++;
  });
}

function pack(
  cells: Iterable<Cell>,
  objects: ReadonlyMap<string, number>,
  deduplicated: number,
  notifications: NotificationCounts,
  batchId: string,
  nowMs: number,
): Uint8Array {
  const batch = new BatchBuilder(batchId);
  for (const [name, count] of objects) {
    const series = labelsOf({ __name__: "vedette_object_requests_total", class: name });
    batch.increment(batch.series(series), nowMs, count);
  }
  if (deduplicated > 0)
    batch.increment(batch.series([METRIC_NAME, DEDUPLICATED]), nowMs, deduplicated);
  notifications.pack(batch, nowMs);
  const durations = new Map<string, Cell>();
  for (const cell of cells) {
    const { route, method, status } = cell;
    batch.increment(
      batch.series(
        labelsOf({
          __name__: "vedette_http_requests_total",
          route,
          method,
          status: String(status),
        }),
      ),
      nowMs,
      cell.count,
    );
    const key = `${route} ${method}`;
    const sum = durations.get(key);
    if (sum === undefined) durations.set(key, { ...cell, buckets: [...cell.buckets] });
    else {
      sum.count += cell.count;
      sum.sum += cell.sum;
      cell.buckets.forEach((n, i) => ((sum.buckets[i] as number) += n));
    }
  }
  // The histogram leaves the status out: a third of the series for the same p95.
  for (const { route, method, count, sum, buckets } of durations.values()) {
    const base = { route, method };
    const name = "vedette_http_request_duration_seconds";
    BUCKETS.forEach((le, i) =>
      batch.increment(
        batch.series(labelsOf({ __name__: `${name}_bucket`, ...base, le: String(le) })),
        nowMs,
        buckets[i] as number,
      ),
    );
    batch.increment(
      batch.series(labelsOf({ __name__: `${name}_bucket`, ...base, le: "+Inf" })),
      nowMs,
      count,
    );
    batch.increment(batch.series(labelsOf({ __name__: `${name}_sum`, ...base })), nowMs, sum);
    batch.increment(batch.series(labelsOf({ __name__: `${name}_count`, ...base })), nowMs, count);
  }
  batch.metadata({
    name: "vedette_http_requests_total",
    type: "counter",
    help: "Requests that Vedette answered.",
    unit: "",
  });
  batch.metadata({
    name: "vedette_http_request_duration_seconds",
    type: "histogram",
    help: "How long Vedette took to answer.",
    unit: "seconds",
  });
  return batch.finish();
}

const DEDUPLICATED = "vedette_deduplicated_samples_total";

function render(
  cells: readonly Cell[],
  objects: ReadonlyMap<string, number>,
  deduplicated: number,
): string {
  const lines = [
    "# HELP vedette_http_requests_total Requests that this isolate of Vedette answered.",
    "# TYPE vedette_http_requests_total counter",
  ];
  for (const c of cells) lines.push(`vedette_http_requests_total{${labelsText(c)}} ${c.count}`);
  lines.push(
    "# HELP vedette_http_request_duration_seconds How long Vedette took to answer.",
    "# TYPE vedette_http_request_duration_seconds histogram",
  );
  for (const c of cells) {
    const labels = labelsText(c);
    BUCKETS.forEach((le, i) =>
      lines.push(
        `vedette_http_request_duration_seconds_bucket{${labels},le="${le}"} ${c.buckets[i]}`,
      ),
    );
    lines.push(`vedette_http_request_duration_seconds_bucket{${labels},le="+Inf"} ${c.count}`);
    lines.push(`vedette_http_request_duration_seconds_sum{${labels}} ${c.sum}`);
    lines.push(`vedette_http_request_duration_seconds_count{${labels}} ${c.count}`);
  }
  lines.push(
    "# HELP vedette_object_requests_total Requests to Durable Objects from this isolate.",
    "# TYPE vedette_object_requests_total counter",
  );
  for (const [name, n] of objects) {
    lines.push(`vedette_object_requests_total{class="${name}"} ${n}`);
  }
  lines.push(
    `# HELP ${DEDUPLICATED} Samples left out because another replica of the sender's pair writes them.`,
    `# TYPE ${DEDUPLICATED} counter`,
    `${DEDUPLICATED} ${deduplicated}`,
  );
  return `${lines.join("\n")}\n`;
}

function labelsText({ route, method, status }: Cell): string {
  return `route=${JSON.stringify(route)},method="${method}",status="${status}"`;
}
