import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Scraper } from "../../durable-objects/scraper";
import type { Outside } from "../../src/http/scrape/fetch";
import { listTickingObjects } from "../../src/storage/ticking-objects";
import { send, stored, values } from "./ingest-metrics-client";

const YAML = { authorization: "Bearer vdt_admin_local", "content-type": "application/yaml" };

async function apply(yaml: string): Promise<void> {
  const r = await send("/config/v1/prometheus", { method: "PUT", headers: YAML, body: yaml });
  expect(r.status, await r.text()).toBe(200);
}

const stubOf = (job: string) => env.SCRAPER.getByName(`default/${job}`);

/** Puts a host behind a binding, as SCRAPE_BINDINGS would. */
async function bind(job: string, host: string, answer: Fetcher["fetch"]): Promise<void> {
  await runInDurableObject(stubOf(job), (instance) => {
    // `outside` is the object's own; its bindings come from wrangler.toml elsewhere.
    const { outside } = instance as unknown as { readonly outside: Outside };
    // Only fetch is called of a binding.
    (outside.bindings as Map<string, Fetcher>).set(host, { fetch: answer } as unknown as Fetcher);
  });
}

const TEXT = { headers: { "content-type": "text/plain; version=0.0.4" } };
const wait = async (until: () => Promise<boolean>): Promise<void> => {
  await vi.waitFor(async () => expect(await until()).toBe(true), { timeout: 8_000, interval: 50 });
};
const health = async (
  job: string,
): Promise<readonly { readonly url: string; readonly health: string }[]> => {
  const stub = stubOf(job) as unknown as Scraper; // the namespace of env.ts names no class
  return (JSON.parse(await stub.state()) as { active: { url: string; health: string }[] }).active;
};

afterEach(async () => {
  await apply("scrape_configs: []");
});

describe("a scrape job's object", () => {
  it("goes on after it was configured anew while a scrape was under way", async () => {
    const yaml = (env_: string): string => `
global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: anew, static_configs: [{ targets: [anew.test] }], metric_relabel_configs: [{ target_label: env, replacement: ${env_} }] }`;
    await apply(yaml("one"));
    let asked = 0;
    let released = false;
    await bind("anew", "anew.test", async () => {
      asked++;
      // Looked up from within the object: it may not be woken from outside.
      const first = asked === 1;
      while (first && !released) await new Promise((resolve) => setTimeout(resolve, 10));
      return new Response("anew 1\n", TEXT);
    });
    await wait(async () => asked === 1);
    await apply(yaml("two"));
    released = true;
    await wait(async () => (await values("anew")).some((v) => v.includes('env="two"')));
    expect((await health("anew")).map((t) => t.health)).toEqual(["up"]);
  });

  it("asks the others in turn while as many hang as there are connections, and does not spin", async () => {
    const hosts = Array.from({ length: 14 }, (_, i) => `t${10 + i}.test`);
    await apply(`
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: busy, static_configs: [{ targets: [${hosts.join(",")}] }] }]`);
    let ticks = 0;
    await runInDurableObject(stubOf("busy"), (instance) => {
      // Counted at the one place that every wake passes.
      const own = instance as unknown as { tick: () => void };
      const { tick } = own;
      own.tick = () => {
        ticks++;
        tick.call(instance);
      };
    });
    for (const host of hosts)
      await bind("busy", host, async (_input, init) => {
        if (host < "t22.test")
          await new Promise((_, reject) =>
            init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
          );
        return new Response("busy 1\n", TEXT);
      });
    await wait(async () => (await health("busy")).filter((t) => t.health === "up").length === 2);
    await wait(async () => (await health("busy")).filter((t) => t.health === "down").length === 12);
    // Six scrapes at a time take a tick before and after each; a timer of 0 ms would take thousands.
    expect(ticks).toBeLessThan(300);
  });

  it("makes the scrape that it is woken for after it was put away, and still knows its targets' state", async () => {
    const DAY = 24 * 3_600_000;
    await apply(
      "scrape_configs: [{ job_name: away, scrape_interval: 1d, static_configs: [{ targets: ['127.0.0.1:1'] }] }]",
    );
    const stub = stubOf("away");
    const due = await runInDurableObject(stub, async (_, state) => state.storage.getAlarm());
    expect(due).toBeGreaterThan(Date.now());
    expect(due).toBeLessThanOrEqual(Date.now() + DAY);
    vi.useFakeTimers({ now: (due as number) + 3, toFake: ["Date"] });
    try {
      await evictDurableObject(stub);
      await runDurableObjectAlarm(stub);
      await wait(async () => (await health("away"))[0]?.health === "down");
      await wait(async () => (await values("up", { job: "away" })).length === 1);
      expect(await stored("up", { job: "away" })).toEqual([
        `up{instance="127.0.0.1:1", job="away"} ${due} 0`,
      ]);
      await evictDurableObject(stub);
      expect((await health("away"))[0]?.health).toBe("down");
      // Nor is the scrape made twice.
      await runDurableObjectAlarm(stub);
      expect(await stored("up", { job: "away" })).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("stops and is unlisted when its job vanishes, and ends its series", async () => {
    await apply(
      "scrape_configs: [{ job_name: gone, scrape_interval: 1s, static_configs: [{ targets: [gone.test] }] }]",
    );
    await bind("gone", "gone.test", async () => new Response("gone 1\n", TEXT));
    await wait(async () => (await values("gone")).length > 0);
    const listed = async (): Promise<boolean> =>
      (await listTickingObjects(env)).some((o) => o.objectName === "default/gone");
    expect(await listed()).toBe(true);
    await apply("scrape_configs: []");
    expect(await listed()).toBe(false);
    expect(
      await runInDurableObject(stubOf("gone"), (_, state) => state.storage.getAlarm()),
    ).toBeNull();
    const end = await stored("gone");
    expect(end.at(-1)).toMatch(/ stale$/);
    expect((await stored("up", { job: "gone" })).at(-1)).toMatch(/ stale$/);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await stored("gone")).toEqual(end);
  });
});
