type Report = (name: string, value: number) => void;

// Fields that TypeScript's DOM library does not know yet.
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
}
interface Interaction extends PerformanceEntry {
  readonly interactionId?: number;
}
interface Navigation extends PerformanceEntry {
  readonly responseStart: number;
  readonly activationStart?: number;
}

const SHIFT_GAP_MS = 1_000;
const SHIFT_WINDOW_MS = 5_000;
/** INP leaves out one interaction in fifty, the slowest first. */
const INTERACTIONS_PER_OUTLIER = 50;

/**
 * Core Web Vitals of this page load as https://web.dev/articles/vitals defines them, each reported once: TTFB and FCP as
 * soon as known, LCP, CLS and INP when `settle` is called, which must be when the page is first hidden.
 */
export function watchVitals(report: Report): { readonly settle: () => void } {
  const doc = document;
  const takers: (() => void)[] = [];
  const navigation = performance.getEntriesByType("navigation")[0] as Navigation | undefined;
  // A page that was prerendered begins for its visitor when it is shown.
  const origin = navigation?.activationStart ?? 0;
  let hiddenAt = doc.visibilityState === "hidden" ? 0 : Infinity;
  addEventListener(
    "visibilitychange",
    (e) => {
      if (doc.visibilityState === "hidden") hiddenAt = Math.min(hiddenAt, e.timeStamp);
    },
    true,
  );

  const observe = <E extends PerformanceEntry>(
    type: string,
    handle: (entry: E) => void,
    more?: object,
  ): boolean => {
    if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return false;
    const each = (entries: PerformanceEntryList): void => (entries as E[]).forEach(handle);
    const observer = new PerformanceObserver((list) => each(list.getEntries()));
    observer.observe({ type, buffered: true, ...more });
    takers.push(() => each(observer.takeRecords()));
    return true;
  };

  if (navigation !== undefined && navigation.responseStart > 0)
    report("TTFB", Math.max(navigation.responseStart - origin, 0));

  observe("paint", (e) => {
    if (e.name === "first-contentful-paint" && e.startTime < hiddenAt)
      report("FCP", Math.max(e.startTime - origin, 0));
  });

  let lcp: number | undefined;
  let lcpDone = false;
  observe("largest-contentful-paint", (e) => {
    if (!lcpDone && e.startTime < hiddenAt) lcp = Math.max(e.startTime - origin, 0);
  });
  const take = (): void => takers.forEach((t) => t());
  for (const input of ["keydown", "click"])
    addEventListener(
      input,
      () => {
        if (!lcpDone) take();
        lcpDone = true;
      },
      { capture: true, once: true },
    );

  let cls = 0;
  let shift = 0;
  let shiftStart = 0;
  let shiftLast = -Infinity;
  const shifts = observe<LayoutShift>("layout-shift", (e) => {
    if (e.hadRecentInput) return;
    if (e.startTime - shiftLast > SHIFT_GAP_MS || e.startTime - shiftStart > SHIFT_WINDOW_MS) {
      shift = 0;
      shiftStart = e.startTime;
    }
    shift += e.value;
    shiftLast = e.startTime;
    cls = Math.max(cls, shift);
  });

  const interactions = new Map<number, number>();
  const interacted = (e: Interaction): void => {
    if (e.interactionId)
      interactions.set(
        e.interactionId,
        Math.max(interactions.get(e.interactionId) ?? 0, e.duration),
      );
  };
  observe("event", interacted, { durationThreshold: 40 });
  observe("first-input", interacted);

  let settled = false;
  return {
    settle() {
      if (settled) return;
      settled = true;
      take();
      if (lcp !== undefined) report("LCP", lcp);
      if (shifts) report("CLS", cls);
      const slowest = [...interactions.values()].sort((a, b) => b - a);
      // Quick interactions are not among the entries, but they count.
      const count =
        (performance as { interactionCount?: number }).interactionCount ?? slowest.length;
      const inp =
        slowest[Math.min(slowest.length - 1, Math.floor(count / INTERACTIONS_PER_OUTLIER))];
      if (inp !== undefined) report("INP", inp);
    },
  };
}
