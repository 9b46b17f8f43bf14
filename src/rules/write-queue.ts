/** Rules whose selectors were touched are evaluated this often at most. */
const SPACING_MS = 1_000;
/** Rules evaluated together: a slice that others wait for is short. */
const SLICE = 20;
/** Evaluations on write take at most this part of the time: a slow group is evaluated less often. */
const SHARE = 10;

interface Pace {
  /** When a write last touched it. */
  touchedAtMs: number;
  /** When it was last evaluated on a write. */
  evaluatedAtMs: number;
  /** Since when it waits; undefined where it does not. */
  dueSinceMs: number | undefined;
  /** How long nothing had touched it when it became due. */
  quietMs: number;
}

/**
 * Which rules to evaluate on a write, and when: under steady ingest everything is touched all the
 * time, so that rules wait for each other. One that nothing had touched for long goes first, since a
 * change is what it is likely to bring; waiting counts as much, so that none waits for ever.
 */
export class WriteQueue<R extends object> {
  private readonly paces = new Map<R, Pace>();
  private notBeforeMs = 0;
  private latestMs = 0;

  touch(rules: Iterable<R>, nowMs: number): void {
    this.follow(nowMs);
    for (const r of rules) {
      const p = this.paces.get(r);
      if (p === undefined) {
        const quietMs = Number.MAX_SAFE_INTEGER;
        this.paces.set(r, {
          touchedAtMs: nowMs,
          evaluatedAtMs: -Infinity,
          dueSinceMs: nowMs,
          quietMs,
        });
        continue;
      }
      if (p.dueSinceMs === undefined) {
        p.dueSinceMs = nowMs;
        p.quietMs = nowMs - p.touchedAtMs;
      }
      p.touchedAtMs = nowMs;
    }
  }

  /** When there is something to evaluate; undefined where nothing waits. */
  nextMs(): number | undefined {
    let first: number | undefined;
    for (const p of this.paces.values()) {
      if (p.dueSinceMs === undefined) continue;
      const at = Math.max(p.dueSinceMs, p.evaluatedAtMs + SPACING_MS);
      if (first === undefined || at < first) first = at;
    }
    return first === undefined ? undefined : Math.max(first, this.notBeforeMs);
  }

  /** Takes the rules to be evaluated now. */
  take(nowMs: number): R[] {
    if (nowMs < this.notBeforeMs) return [];
    const ready = [...this.paces].filter(
      ([, p]) => p.dueSinceMs !== undefined && p.evaluatedAtMs + SPACING_MS <= nowMs,
    );
    const waits = ([, p]: (typeof ready)[number]): number =>
      p.quietMs + nowMs - (p.dueSinceMs ?? nowMs);
    const taken = ready.toSorted((a, b) => waits(b) - waits(a)).slice(0, SLICE);
    for (const [, p] of taken) {
      p.dueSinceMs = undefined;
      p.evaluatedAtMs = nowMs;
    }
    return taken.map(([r]) => r);
  }

  /** A clock that was set back must not have everything wait until it is where it was. */
  private follow(nowMs: number): void {
    if (nowMs < this.latestMs) {
      this.notBeforeMs = nowMs;
      for (const p of this.paces.values()) p.evaluatedAtMs = -Infinity;
    }
    this.latestMs = nowMs;
  }

  /** Forgets everything: other rules are there now. */
  clear(): void {
    this.paces.clear();
  }

  /** A slice took that long: the next one leaves the time to others. */
  took(ms: number, nowMs: number): void {
    this.notBeforeMs = nowMs + ms * (SHARE - 1);
  }
}
