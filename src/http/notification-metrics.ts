import type { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";

/** One attempt to deliver a message. */
export interface ObservedNotification {
  readonly integrationType: string;
  /** notify/model DeliveryOutcome. */
  readonly outcome: string;
  /** From the router's decision, or the receiver's acceptance, to the end of the attempt. */
  readonly seconds: number;
}

/** Upper bounds in seconds: a delivery ends within the attempt's 10 s, or after waits of minutes and hours. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400];
const TOTAL = "vedette_notifications_total";
const LATENCY = "vedette_notification_latency_seconds";

/** Attempts by integration type and outcome, and how long delivered messages took. */
export class NotificationCounts {
  private readonly attempts = new Map<string, { type: string; outcome: string; n: number }>();
  private readonly latency = new Map<string, { n: number; sum: number; buckets: number[] }>();

  get empty(): boolean {
    return this.attempts.size === 0;
  }

  add({ integrationType: type, outcome, seconds }: ObservedNotification): void {
    const key = `${type} ${outcome}`;
    const cell = this.attempts.get(key) ?? { type, outcome, n: 0 };
    cell.n++;
    this.attempts.set(key, cell);
    if (outcome !== "delivered") return;
    const l = this.latency.get(type) ?? { n: 0, sum: 0, buckets: BUCKETS.map(() => 0) };
    l.n++;
    l.sum += seconds;
    BUCKETS.forEach((le, i) => {
      if (seconds <= le) (l.buckets[i] as number)++;
    });
    this.latency.set(type, l);
  }

  /** Adds everything to a batch as increments. */
  pack(batch: BatchBuilder, nowMs: number): void {
    const add = (labels: Readonly<Record<string, string>>, n: number): void =>
      batch.increment(batch.series(labelsOf(labels)), nowMs, n);
    for (const { type, outcome, n } of this.attempts.values())
      add({ __name__: TOTAL, integration_type: type, outcome }, n);
    for (const [type, { n, sum, buckets }] of this.latency) {
      const base = { integration_type: type };
      BUCKETS.forEach((le, i) =>
        add({ __name__: `${LATENCY}_bucket`, ...base, le: String(le) }, buckets[i] as number),
      );
      add({ __name__: `${LATENCY}_bucket`, ...base, le: "+Inf" }, n);
      add({ __name__: `${LATENCY}_sum`, ...base }, sum);
      add({ __name__: `${LATENCY}_count`, ...base }, n);
    }
    if (!this.empty) for (const m of METADATA) batch.metadata(m);
  }

  /** Prometheus text. */
  lines(): string[] {
    const out: string[] = [];
    for (const { name, help, type } of METADATA)
      out.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...this.samples(name));
    return out;
  }

  private samples(name: string): string[] {
    if (name === TOTAL)
      return [...this.attempts.values()].map(
        (c) => `${TOTAL}{integration_type="${c.type}",outcome="${c.outcome}"} ${c.n}`,
      );
    return [...this.latency].flatMap(([type, { n, sum, buckets }]) => {
      const of = `integration_type="${type}"`;
      return [
        ...BUCKETS.map((le, i) => `${LATENCY}_bucket{${of},le="${le}"} ${buckets[i]}`),
        `${LATENCY}_bucket{${of},le="+Inf"} ${n}`,
        `${LATENCY}_sum{${of}} ${sum}`,
        `${LATENCY}_count{${of}} ${n}`,
      ];
    });
  }
}

const METADATA = [
  {
    name: TOTAL,
    type: "counter",
    help: "Attempts to deliver a message, by how they ended.",
    unit: "",
  },
  {
    name: LATENCY,
    type: "histogram",
    help: "From the decision to send a message to its delivery.",
    unit: "seconds",
  },
] as const;
