import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ReceiverStorage } from "../../durable-objects/receiver-storage";

const HOUR_MS = 3_600_000;

it("knows an id for two days, and looks for old ones once an hour", async () => {
  const stub = env.RECEIVER.getByName("default/seen/webhook/0");
  await runInDurableObject(stub, (_, state) => {
    const disk = new ReceiverStorage(state.storage);
    expect(disk.markSeen("a", 0)).toBe(true);
    expect(disk.markSeen("b", HOUR_MS / 2)).toBe(true);
    disk.forgetSeen(48 * HOUR_MS + 1);
    expect(disk.markSeen("a", 48 * HOUR_MS + 1)).toBe(true);
    expect(disk.markSeen("b", 48 * HOUR_MS + 1)).toBe(false);
    disk.forgetSeen(49 * HOUR_MS);
    expect(disk.markSeen("b", 49 * HOUR_MS)).toBe(false);
    disk.forgetSeen(49 * HOUR_MS + 1);
    expect(disk.markSeen("b", 49 * HOUR_MS + 1)).toBe(true);
  });
});
