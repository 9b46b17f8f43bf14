/** A beacon's body is at most 64 KB for the browser and the server alike. */
const MAX_BYTES = 60_000;
const FLUSH_EVENTS = 20;
const DELAY_MS = 1_000;

/** Collects events and sends them together: soon, or at once where the page may be about to go. */
export function makeQueue(endpoint: string): {
  readonly put: (name: string, url: string, props?: unknown, more?: object) => void;
  readonly flush: () => void;
} {
  let waiting: string[] = [];
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    // The server compares `s` with its own clock and corrects the times where they differ much.
    const body = `{"s":${Date.now()},"e":[${waiting.join()}]}`;
    waiting = [];
    bytes = 0;
    // A text is sent as text/plain, which needs no preflight. False: the browser's own queue is full.
    if (!navigator.sendBeacon?.(endpoint, body))
      fetch(endpoint, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(
        () => {},
      );
  };

  return {
    flush,
    put(name, url, props, more) {
      const event = JSON.stringify({
        i: Date.now().toString(36) + Math.random().toString(36).slice(2),
        n: name,
        t: Date.now(),
        u: url,
        p: props,
        ...more,
      });
      // UTF-8 may have three bytes for a UTF-16 unit.
      const size = event.length * 3;
      if (size > MAX_BYTES) return;
      if (bytes + size > MAX_BYTES) flush();
      bytes += size;
      if (waiting.push(event) >= FLUSH_EVENTS) flush();
      else timer ??= setTimeout(flush, DELAY_MS);
    },
  };
}
