import { type ReactNode, useSyncExternalStore } from "react";
import { formatSpan, formatTime } from "../format";

/** How long ago, counted on each second; the title gives the time. */
export function Ago({
  ms,
  suffix = " ago",
}: {
  readonly ms: number;
  readonly suffix?: string;
}): ReactNode {
  const now = useSyncExternalStore(subscribe, () => second);
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={formatTime(ms)}
      className="vd-num"
      style={{ whiteSpace: "nowrap" }}
    >
      {formatSpan(now - ms)}
      {suffix}
    </time>
  );
}

let second = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for every age on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    second = Date.now();
    timer = setInterval(() => {
      second = Date.now();
      for (const l of listeners) l();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
