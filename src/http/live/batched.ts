import { type Queryable, SampleBudgetError, type SelectRequest } from "../../core/metric-store";
import type { Series } from "../../core/series";

interface Waiting {
  readonly requests: readonly SelectRequest[];
  readonly limits: { readonly maxSamples?: number } | undefined;
  readonly resolve: (answers: readonly (readonly Series[])[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts the selects of one moment into one: a tick asks each shard once, however many figures there are.
 * Where they are too much together, each is asked alone, so that one large figure fails by itself.
 */
export function batched(metrics: Queryable): Queryable {
  let waiting: Waiting[] = [];

  async function flush(): Promise<void> {
    const asked = waiting;
    waiting = [];
    try {
      const maxSamples = Math.max(...asked.map((w) => w.limits?.maxSamples ?? 0));
      const answers = await metrics.select(
        asked.flatMap((w) => w.requests),
        maxSamples === 0 ? undefined : { maxSamples },
      );
      let from = 0;
      for (const w of asked) {
        w.resolve(answers.slice(from, from + w.requests.length));
        from += w.requests.length;
      }
    } catch (e) {
      for (const w of asked) {
        if (e instanceof SampleBudgetError && asked.length > 1)
          metrics.select(w.requests, w.limits).then(w.resolve, w.reject);
        else w.reject(e);
      }
    }
  }

  return {
    select: (requests, limits) =>
      new Promise((resolve, reject) => {
        waiting.push({ requests, limits, resolve, reject });
        if (waiting.length === 1) queueMicrotask(() => void flush());
      }),
  };
}
