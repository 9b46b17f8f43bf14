import { afterEach, expect, it, vi } from "vitest";
import type { SpillRpc } from "../../src/core/objects";
import { writeOrSpill } from "../../src/storage/write-or-spill";

afterEach(() => {
  vi.useRealTimers();
});

/** A spill that lists what it was given. */
function listingSpill(): { readonly kept: string[]; readonly get: () => SpillRpc } {
  const kept: string[] = [];
  const spill: SpillRpc = {
    put: async (kind, payload) => void kept.push(`${kind}:${new TextDecoder().decode(payload)}`),
    status: async () => ({
      pending: kept.length,
      pendingBytes: 0,
      oldestAtMs: 0,
      failures: 0,
      poisoned: 0,
      poison: [],
    }),
    ensureTicking: async () => ({ lastTickMs: 0, rearmed: false }),
  };
  return { kept, get: () => spill };
}

it("lets an error that will not pass go up, and spills nothing", async () => {
  const spill = listingSpill();
  const broken = {
    kind: "k",
    payload: () => new Uint8Array(),
    write: () => Promise.reject(new Error("D1_ERROR: no such table: x")),
  };
  await expect(writeOrSpill(spill.get, broken)).rejects.toThrow("no such table");
  expect(spill.kept).toEqual([]);
});

it("spills a write that hangs, and those after it without waiting, until D1 gets its next chance", async () => {
  vi.useFakeTimers();
  const spill = listingSpill();
  let asked = 0;
  let hangs = true;
  const send = (text: string): Promise<"stored" | "spilled"> =>
    writeOrSpill(spill.get, {
      kind: "k",
      payload: () => new TextEncoder().encode(text),
      write: async () => {
        asked++;
        if (hangs) await new Promise(() => undefined);
      },
    });
  const first = send("a");
  await vi.advanceTimersByTimeAsync(8_000);
  expect(await first).toBe("spilled");
  expect(await send("b")).toBe("spilled");
  expect(asked).toBe(1);
  expect(spill.kept).toEqual(["k:a", "k:b"]);

  hangs = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await send("c")).toBe("stored");
  expect(asked).toBe(2);
});
