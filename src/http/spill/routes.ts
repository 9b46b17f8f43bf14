import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";

/** Signals whose refused writes are kept. */
const SIGNALS = ["events", "logs", "traces"] as const;

/** `GET /api/v1/spill`: per signal what waits for D1, and what was put aside and why. */
export function spillRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/api/v1/spill", requireScope("read"), async (c) => {
    const objects = c.get("deps").objects(c.get("actor").projectId);
    const all = await Promise.all(
      SIGNALS.map(async (signal) => {
        const s = await objects.spill(signal).status();
        return {
          signal,
          pending: s.pending,
          pending_bytes: s.pendingBytes,
          oldest: s.oldestAtMs === 0 ? null : new Date(s.oldestAtMs).toISOString(),
          failures: s.failures,
          poisoned: s.poisoned,
          poison: s.poison.map((p) => ({
            kind: p.kind,
            bytes: p.bytes,
            put: new Date(p.putAtMs).toISOString(),
            error: p.error,
          })),
        };
      }),
    );
    return c.json({ spills: all });
  });
  return app;
}
