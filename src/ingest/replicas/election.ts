/**
 * Pairs of Prometheus servers that scrape the same targets send everything twice. Of each cluster one replica is
 * elected, and the samples of the others are left out, as Mimir's HA tracker does
 * (https://grafana.com/docs/mimir/latest/configure/configure-high-availability-deduplication/).
 */
export interface ReplicaLabels {
  /** Label that names the pair; it stays. */
  readonly cluster: string;
  /** Label that names the sender within it; it is dropped. */
  readonly replica: string;
}

export interface Sender {
  readonly cluster: string;
  readonly replica: string;
}

/** Who was elected, and when samples of it were last noted. */
export interface Election {
  readonly replica: string;
  readonly seenAtMs: number;
}

/** The elected replica is noted again this often: one write per cluster. */
export const UPDATE_AFTER_MS = 15_000;
/** So long after it was noted another replica takes over: after 15 to 30 s of silence. */
export const FAILOVER_AFTER_MS = 30_000;

export type Verdict =
  /** The elected one, noted recently. */
  | "accept"
  /** The elected one: note that it was seen before its samples are taken. */
  | "renew"
  /** Nobody is elected, or the elected one fell silent. */
  | "elect"
  /** Another is elected. */
  | "drop";

/**
 * What becomes of a replica's samples. `accept` holds until 15 s after the election was noted and `elect` only from
 * 30 s on: an isolate that decides by an older note than another's never accepts beside a replica elected since.
 */
export function judge(replica: string, election: Election | undefined, nowMs: number): Verdict {
  if (election === undefined) return "elect";
  const age = nowMs - election.seenAtMs;
  if (age >= FAILOVER_AFTER_MS) return "elect";
  if (election.replica !== replica) return "drop";
  return age < UPDATE_AFTER_MS ? "accept" : "renew";
}

/** Where the elections of a project are kept, the same for all isolates. */
export interface ElectionStore {
  get(cluster: string): Promise<Election | undefined>;
  /** Writes `next` where `before` still stands; gives what stands then. */
  swap(cluster: string, before: Election | undefined, next: Election): Promise<Election>;
}

/** Elections that an isolate knows, by cluster. */
export type ElectionCache = Map<string, Election>;

/** Clusters that an isolate remembers: the name comes from outside. */
export const CLUSTERS_LIMIT = 1000;

/**
 * Whether the sender's samples are to be taken. Asks the store only where the cache cannot tell: about every 15 s
 * for the elected replica, and for another one only once the elected one may have fallen silent.
 */
export async function admits(
  sender: Sender,
  store: ElectionStore,
  cache: ElectionCache,
  nowMs: number,
): Promise<boolean> {
  const remember = (election: Election | undefined): Election | undefined => {
    if (election === undefined) return undefined;
    cache.delete(sender.cluster);
    cache.set(sender.cluster, election);
    if (cache.size > CLUSTERS_LIMIT) cache.delete(cache.keys().next().value ?? "");
    return election;
  };
  let known = cache.get(sender.cluster);
  let verdict = judge(sender.replica, known, nowMs);
  if (verdict === "elect") {
    // The cache may be older than what stands.
    known = remember(await store.get(sender.cluster));
    verdict = judge(sender.replica, known, nowMs);
  }
  if (verdict === "accept") return true;
  if (verdict === "drop") return false;
  const next = { replica: sender.replica, seenAtMs: nowMs };
  return remember(await store.swap(sender.cluster, known, next))?.replica === sender.replica;
}
