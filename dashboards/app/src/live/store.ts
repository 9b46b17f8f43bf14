import { useSyncExternalStore } from "react";
import { currentSession } from "../session/session";
import { LOGGED_OUT } from "../api/client";
import { LiveSocket } from "./socket";
import { EMPTY_VIEW, type LiveView, received } from "./view";

/** A page that nobody looks at stops watching after this, so that the hub may sleep. */
const HIDDEN_LIMIT_MS = 5 * 60_000;

let view: LiveView = EMPTY_VIEW;
const listeners = new Set<() => void>();
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

function set(next: LiveView): void {
  view = next;
  for (const listener of listeners) listener();
}

const socket = new LiveSocket(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`,
  {
    message: (message) => set(received(view, message)),
    status: (status) => set({ ...view, status }),
    refused: () => void checkSession(),
  },
);

async function checkSession(): Promise<void> {
  try {
    if ((await currentSession()) === null) window.dispatchEvent(new Event(LOGGED_OUT));
  } catch {
    // The server is away: the socket tries again by itself.
  }
}

function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => socket.stop(), HIDDEN_LIMIT_MS);
    return;
  }
  socket.start();
  socket.now();
}

/** Watches the project until the returned function is called. */
export function startWatching(): () => void {
  document.addEventListener("visibilitychange", onVisibility);
  socket.start();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    clearTimeout(hiddenTimer);
    socket.stop();
  };
}

export function retryNow(): void {
  socket.start();
  socket.now();
}

/** A part of the live view; the component renders again when that part changes. */
export function useLive<T>(select: (view: LiveView) => T): T {
  return useSyncExternalStore(subscribe, () => select(view));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
