import { makeQueue } from "./queue";
import { watchVitals } from "./vitals";

/**
 * The browser beacon: `<script defer src="https://HOST/b.js" data-key="KEY"></script>`.
 * It keeps nothing in the browser and does nothing where the visitor asked not to be tracked.
 *
 * `vedette("event", "signup", { plan: "pro" })` sends an event of the page's own,
 * `vedette("user", "u-42")` names the visitor for the events that follow on this page.
 * Calls made before the script ran are heard if they were kept in `vedette.q`.
 */
type Call = readonly [command: "event" | "user", name: string, props?: object];
type Api = ((...call: Call) => void) & { q?: ArrayLike<unknown>[] };

const MAX_ERRORS = 10;

const page = window as Window & { vedette?: Api };
const doc = document as Document & { readonly prerendering?: boolean };
const nav = navigator as Navigator & { readonly globalPrivacyControl?: boolean };
const script = doc.currentScript as HTMLScriptElement | null;
const key = script?.dataset["key"];

if (!script || !key || nav.doNotTrack === "1" || nav.globalPrivacyControl) page.vedette = () => {};
else if (doc.prerendering)
  doc.addEventListener("prerenderingchange", () => start(script, key), { once: true });
else start(script, key);

function start(from: HTMLScriptElement, token: string): void {
  const queue = makeQueue(new URL(`/e?k=${encodeURIComponent(token)}`, from.src).href);
  let user: string | undefined;
  const put = (name: string, props?: unknown, more?: object, url = location.href): void =>
    queue.put(name, url, props, { ...more, d: user });

  const api: Api = (command, name, props) => {
    if (command === "event") put(name, props);
    else user = name;
  };
  const early = page.vedette?.q ?? [];
  page.vedette = api;
  for (const call of early) api(...(Array.from(call) as unknown as Call));

  let path: string | undefined;
  const view = (): void => {
    if (location.pathname === path) return;
    put("page_view", undefined, path === undefined ? { r: doc.referrer } : undefined);
    path = location.pathname;
  };
  view();
  for (const method of ["pushState", "replaceState"] as const) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      view();
    };
  }
  addEventListener("popstate", view);
  addEventListener("pageshow", (e) => {
    // Back from the browser's memory: nothing was loaded, but a visitor looks at the page again.
    if (!e.persisted) return;
    path = undefined;
    view();
  });

  let errors = 0;
  const failed = (kind: string, message: unknown, stack: unknown, place?: object): void => {
    if (errors++ < MAX_ERRORS)
      put("browser_error", {
        kind,
        message: String(message).slice(0, 500),
        stack: stack && String(stack).slice(0, 2_000),
        ...place,
      });
  };
  addEventListener("error", (e) =>
    failed("error", e.message, e.error?.stack, {
      source: e.filename,
      line: e.lineno,
      column: e.colno,
    }),
  );
  addEventListener("unhandledrejection", ({ reason }) =>
    failed("unhandledrejection", reason?.message ?? reason, reason?.stack),
  );

  // Vitals belong to the address that was loaded, wherever the page's own routes led since.
  const loaded = location.href;
  const vitals = watchVitals((name, value) =>
    put("web_vital", { name, value: Math.round(value * 1e4) / 1e4 }, undefined, loaded),
  );
  const leave = (): void => {
    vitals.settle();
    queue.flush();
  };
  doc.addEventListener("visibilitychange", () => {
    if (doc.visibilityState === "hidden") leave();
  });
  addEventListener("pagehide", leave);
}
