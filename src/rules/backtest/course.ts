import type { StringMap } from "../../core/alerts";
import { labelsKey, labelsOf } from "../../core/labels";
import type { Alert, AlertingState } from "../state";

/** One label set from its first appearance to its end. Times are ms; absent ones did not come within the range. */
export interface AlertCourse {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly pendingAtMs: number;
  readonly firedAtMs?: number;
  /** When it ceased: to fire, or to be pending. */
  readonly endedAtMs?: number;
  /** The rule's cooldown held its notification back until then. */
  readonly heldUntilMs?: number;
  /** At its last evaluation before it ended. */
  readonly value: number;
}

/** Follows a rule's alerts from evaluation to evaluation. */
export class CourseLog {
  private readonly ended: AlertCourse[] = [];
  private running = new Map<string, AlertCourse>();

  /** Notes what one evaluation left. */
  note(state: AlertingState, atMs: number): void {
    const next = new Map<string, AlertCourse>();
    for (const a of state.alerts.values()) {
      const key = labelsKey(labelsOf(a.labels));
      const before = this.running.get(key);
      if (a.phase === "resolved") {
        if (before !== undefined) this.ended.push({ ...before, endedAtMs: a.resolvedAtMs });
      } else next.set(key, courseOf(a, before));
    }
    for (const [key, c] of this.running)
      if (!next.has(key) && !isResolved(state, key)) this.ended.push({ ...c, endedAtMs: atMs });
    this.running = next;
  }

  /** By when they began, those that ended before `fromMs` left out. */
  courses(fromMs: number): AlertCourse[] {
    return [...this.ended, ...this.running.values()]
      .filter((c) => c.endedAtMs === undefined || c.endedAtMs >= fromMs)
      .toSorted((a, b) => a.pendingAtMs - b.pendingAtMs);
  }
}

function isResolved(state: AlertingState, key: string): boolean {
  return state.alerts.get(key)?.phase === "resolved";
}

function courseOf(a: Alert, before: AlertCourse | undefined): AlertCourse {
  const held = a.heldUntilMs || before?.heldUntilMs;
  return {
    labels: a.labels,
    annotations: a.annotations,
    pendingAtMs: a.activeAtMs,
    ...(a.firedAtMs === 0 ? {} : { firedAtMs: a.firedAtMs }),
    ...(held === undefined || held === 0 ? {} : { heldUntilMs: held }),
    value: a.value,
  };
}
