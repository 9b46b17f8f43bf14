import { describe, expect, it } from "vitest";
import {
  CLUSTERS_LIMIT,
  type Election,
  type ElectionCache,
  type ElectionStore,
  admits,
} from "../../../src/ingest/replicas/election";

const T = 1_700_000_000_000;

class MemoryElections implements ElectionStore {
  readonly standing = new Map<string, Election>();
  asked = 0;
  get(cluster: string): Promise<Election | undefined> {
    this.asked++;
    return Promise.resolve(this.standing.get(cluster));
  }
  swap(cluster: string, before: Election | undefined, next: Election): Promise<Election> {
    this.asked++;
    const now = this.standing.get(cluster);
    if (now?.seenAtMs !== before?.seenAtMs || now?.replica !== before?.replica)
      return Promise.resolve(now ?? next);
    this.standing.set(cluster, next);
    return Promise.resolve(next);
  }
}

/** One pair whose replicas send every 5 s to isolates of their own. */
function simulate(until: number, alive: (replica: "a" | "b", at: number) => boolean) {
  const store = new MemoryElections();
  const caches: Record<string, ElectionCache> = { a: new Map(), b: new Map(), shared: new Map() };
  return (async () => {
    const taken: string[] = [];
    for (let at = 0; at <= until; at += 5_000) {
      for (const replica of ["a", "b"] as const) {
        if (!alive(replica, at)) continue;
        const sender = { cluster: "c", replica };
        // Each third request goes to an isolate that serves both.
        const cache = caches[at % 15_000 === 0 ? "shared" : replica] as ElectionCache;
        if (await admits(sender, store, cache, T + at)) taken.push(`${at / 1000}${replica}`);
      }
    }
    return { taken, asked: store.asked };
  })();
}

describe("the elected replica", () => {
  it("alone is taken, whatever isolate answers", async () => {
    const { taken } = await simulate(300_000, () => true);
    expect(taken).toEqual(Array.from({ length: 61 }, (_, i) => `${i * 5}a`));
  });

  it("is followed by the other after 30 s of silence, which then stays", async () => {
    const { taken } = await simulate(200_000, (r, at) => r === "b" || at < 60_000 || at > 100_000);
    const byA = taken.filter((t) => t.endsWith("a")).map((t) => Number.parseInt(t));
    const byB = taken.filter((t) => t.endsWith("b")).map((t) => Number.parseInt(t));
    expect(Math.max(...byA)).toBe(55);
    // Noted last between 40 and 55 s.
    expect(byB[0]).toBeGreaterThanOrEqual(70);
    expect(byB[0]).toBeLessThanOrEqual(90);
    expect(byB.at(-1)).toBe(200);
    // No time is taken twice.
    expect(new Set(taken.map((t) => Number.parseInt(t))).size).toBe(taken.length);
  });

  it("keeps its place over a short silence", async () => {
    const { taken } = await simulate(120_000, (r, at) => r === "b" || at < 60_000 || at > 65_000);
    expect(taken.filter((t) => t.endsWith("b"))).toEqual([]);
  });

  it("costs the store a few questions a minute, not one a request", async () => {
    const { asked } = await simulate(600_000, () => true);
    // 242 requests; one write each 15 s in each of the isolates, at most.
    expect(asked).toBeLessThan(3 * 40);
  });

  it("is one even where both ask at once", async () => {
    const store = new MemoryElections();
    const won = await Promise.all(
      ["a", "b", "c"].map((replica) => admits({ cluster: "x", replica }, store, new Map(), T)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it("is remembered for a bounded number of clusters", async () => {
    const store = new MemoryElections();
    const cache: ElectionCache = new Map();
    for (let i = 0; i < CLUSTERS_LIMIT + 50; i++)
      await admits({ cluster: `c${i}`, replica: "a" }, store, cache, T);
    expect(cache.size).toBe(CLUSTERS_LIMIT);
  });
});
