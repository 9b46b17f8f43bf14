import type { LiveMessage } from "../../../../src/core/live";

export type LiveStatus =
  | { readonly at: "connecting" }
  | { readonly at: "live" }
  | { readonly at: "waiting"; readonly untilMs: number }
  | { readonly at: "paused" };

export interface LiveHandlers {
  message(message: LiveMessage): void;
  status(status: LiveStatus): void;
  /** An attempt failed before it was open: perhaps the session is over. */
  refused(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Figures come every second; so long a silence means that the connection is dead. */
const SILENCE_MS = 12_000;
const ACK_MS = 5_000;

/** A WebSocket to the hub that comes back by itself: waits double, with jitter, so that a thousand pages do not return at once. */
export class LiveSocket {
  private socket: WebSocket | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private lastAckMs = 0;
  private running = false;

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    window.addEventListener("online", this.now);
    this.connect();
  }

  stop(): void {
    this.running = false;
    window.removeEventListener("online", this.now);
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.socket?.close(1000);
    this.socket = undefined;
    this.handlers.status({ at: "paused" });
  }

  /** Tries again without waiting. */
  readonly now = (): void => {
    if (!this.running || this.socket !== undefined) return;
    clearTimeout(this.retry);
    this.connect();
  };

  private connect(): void {
    this.handlers.status({ at: "connecting" });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    let opened = false;
    this.watchSilence(socket);
    socket.addEventListener("message", (e) => {
      if (this.socket !== socket || typeof e.data !== "string") return;
      this.watchSilence(socket);
      const message = JSON.parse(e.data) as LiveMessage;
      if (message.type === "snapshot") {
        opened = true;
        this.failures = 0;
        this.handlers.status({ at: "live" });
      }
      if (message.type === "figures") this.acknowledge(socket, message.atMs);
      this.handlers.message(message);
    });
    socket.addEventListener("close", () => {
      if (this.socket !== socket) return;
      if (!opened) this.handlers.refused();
      this.lost();
    });
  }

  private lost(): void {
    this.socket = undefined;
    clearTimeout(this.silence);
    if (!this.running) return;
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    const wait = ceiling * (0.5 + Math.random() / 2);
    this.failures += 1;
    this.handlers.status({ at: "waiting", untilMs: Date.now() + wait });
    this.retry = setTimeout(() => this.connect(), wait);
  }

  private watchSilence(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (this.socket !== socket) return;
      // A dead connection never answers the closing handshake, so its close event is not waited for.
      this.lost();
      socket.close();
    }, SILENCE_MS);
  }

  private acknowledge(socket: WebSocket, atMs: number): void {
    if (atMs - this.lastAckMs < ACK_MS) return;
    this.lastAckMs = atMs;
    socket.send(`ack:${atMs}`);
  }
}
