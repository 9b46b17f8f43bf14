import { expect, it } from "vitest";
import { isElected } from "../../../src/http/ingest-metrics/replicas";
import type { Election, ElectionCache } from "../../../src/ingest/replicas/election";

const T = 1_700_000_000_000;
const down = (): Promise<never> => Promise.reject(new Error("D1 is down"));

function ask(replica: string, known?: Election): ReturnType<typeof isElected> {
  const cache: ElectionCache = new Map(known === undefined ? [] : [["c", known]]);
  return isElected(
    { clock: () => T, elections: () => ({ store: { get: down, swap: down }, cache }) },
    "default",
    { cluster: "c", replica },
  );
}

it("keeps to the last election it knows while D1 is down, and else asks to send again", async () => {
  const known = { replica: "a", seenAtMs: T - 3_600_000 };
  expect(await ask("a", known)).toEqual({ ok: true, value: true });
  expect(await ask("b", known)).toEqual({ ok: true, value: false });
  expect(await ask("a")).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/replicas of c .*D1 is down/) as string },
  });
});
