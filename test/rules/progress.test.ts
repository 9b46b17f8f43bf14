import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  NO_PROGRESS,
  type Progress,
  type SavedProgress,
  packProgress,
  unpackProgress,
} from "../../src/rules/progress";
import { identityOf } from "../../src/rules/rendered";
import type { Alert } from "../../src/rules/state";

const alert = (n: number, change: Partial<Alert> = {}): Alert => ({
  labels: { alertname: "A", n: String(n) },
  annotations: { text: `number ${n}` },
  phase: "firing",
  activeAtMs: 1_000,
  firedAtMs: 2_000,
  resolvedAtMs: 0,
  keepFiringSinceMs: 0,
  heldUntilMs: 0,
  value: n,
  ...change,
});
const progressOf = (alerts: readonly Alert[]): Progress => ({
  ...NO_PROGRESS,
  health: "ok",
  alerting: {
    alerts: new Map(alerts.map((a) => [identityOf(a.labels).key, a])),
    cooldowns: new Map(),
  },
});

/** Rows as a database keeps them; counts what is written. */
class Rows {
  course = "";
  readonly buckets = new Map<number, string>();
  written = 0;
  private saved: SavedProgress | undefined;

  save(progress: Progress): void {
    const packed = packProgress(progress, this.saved);
    if (packed.courseChanged) this.written++;
    this.course = packed.course;
    for (const [n, text] of packed.buckets) this.buckets.set(n, text);
    for (const n of this.buckets.keys()) if (n >= packed.bucketCount) this.buckets.delete(n);
    this.written += packed.buckets.size;
    this.saved = { progress, course: packed.course, bucketCount: packed.bucketCount };
  }

  restart(): Progress {
    this.saved = unpackProgress(this.course, [...this.buckets.values()]);
    return this.saved.progress;
  }
}

describe("a rule's rows", () => {
  it("give back what was saved, whatever came and went, and over restarts", () => {
    const step = fc.record({
      numbers: fc.uniqueArray(fc.integer({ min: 0, max: 2_000 }), { maxLength: 1_500 }),
      activeAtMs: fc.integer({ min: 1, max: 3 }),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const rows = new Rows();
        for (const { numbers, activeAtMs, restart } of steps) {
          const now = progressOf(numbers.map((n) => alert(n, { activeAtMs })));
          rows.save(now);
          if (!restart) continue;
          const { alerts } = rows.restart().alerting;
          expect(new Map([...alerts].toSorted())).toEqual(
            new Map([...now.alerting.alerts].toSorted()),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it("are few where one alert of many changes", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => alert(n));
    const rows = new Rows();
    rows.save(progressOf(many));
    expect(rows.written).toBe(129);
    rows.restart();
    rows.written = 0;
    rows.save(progressOf(many.map((a) => ({ ...a, value: a.value + 1 }))));
    expect(rows.written).toBe(0);
    rows.save(progressOf(many.with(7, alert(7, { phase: "resolved", resolvedAtMs: 5_000 }))));
    expect(rows.written).toBe(1);
  });

  it("spread evenly", () => {
    const rows = new Rows();
    rows.save(progressOf(Array.from({ length: 10_000 }, (_, n) => alert(n))));
    const sizes = [...rows.buckets.values()].map((b) => (JSON.parse(b) as unknown[]).length);
    expect(Math.max(...sizes)).toBeLessThan(400);
  });

  it("that were written whole are read still", () => {
    const { value, ...rest } = alert(1);
    const old = JSON.stringify({
      alerts: [{ ...rest, value: String(value) }],
      cooldowns: [],
      series: [["__name__", "r"]],
      health: "ok",
      lastError: "",
    });
    const saved = unpackProgress(old, []);
    expect([...saved.progress.alerting.alerts.values()]).toEqual([alert(1)]);
    // What was in the course moves to a bucket.
    const packed = packProgress(saved.progress, saved);
    expect([packed.courseChanged, packed.buckets.size]).toEqual([true, 1]);
  });
});
