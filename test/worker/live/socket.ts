import { env, exports } from "cloudflare:workers";
import type { LiveMessage } from "../../../src/core/live";
import type { LiveHubRpc } from "../../../src/core/objects";

/** A watcher as a page or a program is one. */
export interface Watcher {
  readonly socket: WebSocket;
  readonly messages: LiveMessage[];
  /** The first message, from now on or before, that fits. */
  next<M extends LiveMessage>(fits: (m: LiveMessage) => m is M, limitMs?: number): Promise<M>;
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
}

export const ORIGIN = "http://vedette.test";

export function upgrade(headers: Readonly<Record<string, string>>, query = ""): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}/live${query}`, {
    headers: { upgrade: "websocket", ...headers },
  });
}

export async function watch(query = "", token = "vdt_read_local"): Promise<Watcher> {
  const response = await upgrade({ authorization: `Bearer ${token}` }, query);
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`);
  const messages: LiveMessage[] = [];
  const waiting = new Set<() => void>();
  socket.addEventListener("message", (e) => {
    if (e.data === "pong") return;
    messages.push(JSON.parse(String(e.data)) as LiveMessage);
    for (const check of waiting) check();
  });
  const closing = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.addEventListener("close", (e) => resolve({ code: e.code, reason: e.reason })),
  );
  socket.accept();
  return {
    socket,
    messages,
    closed: () => closing,
    next<M extends LiveMessage>(fits: (m: LiveMessage) => m is M, limitMs = 5_000): Promise<M> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(
            new Error(
              `no such message within ${limitMs} ms; there were ${messages.map((m) => m.type).join(", ")}`,
            ),
          );
        }, limitMs);
        const check = (): void => {
          const found = messages.find(fits);
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
  };
}

export function ofType<T extends LiveMessage["type"]>(
  type: T,
): (m: LiveMessage) => m is Extract<LiveMessage, { type: T }> {
  return (m): m is Extract<LiveMessage, { type: T }> => m.type === type;
}

// The stub answers any method by RPC; the interface says which the class has.
export const hub = env.LIVE_HUB.getByName("default/hub") as unknown as LiveHubRpc;

/** Waits until the hub has noticed that every socket is closed. */
export async function nobodyWatches(): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if ((await hub.watched()).watchedUntilMs === 0) return;
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error("somebody still watches");
}
