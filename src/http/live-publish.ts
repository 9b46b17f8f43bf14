import type { LiveMessage } from "../core/live";
import type { Deps } from "./deps";

/** How long a lease, or the knowledge that nobody watches, is trusted. */
const LEASE_CACHE_MS = 5_000;
const MAX_PROJECTS = 1_000;

interface Lease {
  readonly watchedUntilMs: number;
  readonly askedAtMs: number;
}

/** Per isolate: one question to the hub per project and 5 s, however many requests come. */
const leases = new Map<string, Lease>();

/**
 * Shows messages to whoever watches the project, after the response. With nobody watching,
 * `make` is not called. A hub that does not answer costs the watchers these messages, never the request.
 */
export function publishLive(
  deps: Deps,
  projectId: string,
  make: () => readonly LiveMessage[],
): void {
  const now = deps.clock();
  const known = leases.get(projectId);
  const fresh = known !== undefined && now - known.askedAtMs < LEASE_CACHE_MS;
  if (fresh && known.watchedUntilMs <= now) return;
  // Noted before the answer, so that requests of this moment do not all ask.
  if (!fresh) remember(projectId, { watchedUntilMs: known?.watchedUntilMs ?? 0, askedAtMs: now });
  deps.waitUntil(publish(deps, projectId, make, fresh).catch(() => undefined));
}

async function publish(
  deps: Deps,
  projectId: string,
  make: () => readonly LiveMessage[],
  watched: boolean,
): Promise<void> {
  const hub = deps.objects(projectId).liveHub();
  if (!watched) {
    const { watchedUntilMs } = await hub.watched();
    remember(projectId, { watchedUntilMs, askedAtMs: deps.clock() });
    if (watchedUntilMs <= deps.clock()) return;
  }
  const { watchedUntilMs } = await hub.publish(make());
  remember(projectId, { watchedUntilMs, askedAtMs: deps.clock() });
}

function remember(projectId: string, lease: Lease): void {
  if (leases.size >= MAX_PROJECTS && !leases.has(projectId)) leases.clear();
  leases.set(projectId, lease);
}
