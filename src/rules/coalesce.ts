import { type Queryable, SampleBudgetError, type SelectRequest } from "../core/metric-store";
import type { Series } from "../core/series";

interface Asked {
  readonly requests: readonly SelectRequest[];
  readonly limits: { readonly maxSamples?: number } | undefined;
  readonly resolve: (answers: readonly (readonly Series[])[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts what is asked in one turn into one question: rules that do not need each other's results
 * cost one call to the store together. Where that would hold too much, each asks alone.
 */
export function coalesced(stored: Queryable): Queryable {
  let waiting: Asked[] = [];
  const flush = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    if (asked.length === 1) return alone(stored, asked);
    try {
      const answers = await stored.select(
        asked.flatMap((a) => a.requests),
        asked[0]?.limits,
      );
      let at = 0;
      for (const a of asked) {
        a.resolve(answers.slice(at, at + a.requests.length));
        at += a.requests.length;
      }
    } catch (e) {
      if (e instanceof SampleBudgetError) return alone(stored, asked);
      for (const a of asked) a.reject(e);
    }
  };
  return {
    select: (requests, limits) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) queueMicrotask(() => void flush());
        waiting.push({ requests, limits, resolve, reject });
      }),
  };
}

async function alone(stored: Queryable, asked: readonly Asked[]): Promise<void> {
  for (const a of asked) await stored.select(a.requests, a.limits).then(a.resolve, a.reject);
}
