import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../src/core/logs";
import type { Span } from "../../src/core/traces";
import { makeLogStore } from "../../src/storage/log-store";
import { makeTraceStore } from "../../src/storage/trace-store";
import { countingDb } from "./d1-double";

const NOW = Date.parse("2026-11-20T10:20:00Z");

function noSpill(): never {
  throw new Error("nothing is to be spilled here");
}

function line(i: number): LogLine {
  return {
    timeMs: NOW + i,
    subMsNanos: 0,
    level: i % 10 === 0 ? "error" : "info",
    levelText: "",
    service: `svc-${i % 5}`,
    message: `GET /api/orders/${i} took ${i % 97} ms for user ${i * 7919}`,
    attributes: { requestId: crypto.randomUUID(), status: String(200 + (i % 3)) },
    traceId: "",
    spanId: "",
  };
}

function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, "0");
}

function span(i: number, traceId: string): Span {
  return {
    traceId,
    spanId: hex(i + 1, 16),
    parentSpanId: "",
    name: `op ${i % 20}`,
    kind: "server",
    startNs: BigInt(NOW + i) * 1_000_000n,
    durationNs: 1_000_000 * (i % 50),
    status: i % 40 === 0 ? "error" : "unset",
    statusMessage: "",
    service: "shop",
    scope: "http",
    attributes: { "http.route": `/r/${i % 20}`, "http.status_code": 200 },
    resource: { "host.name": "h1" },
    events: [],
    links: [],
  };
}

describe("rows written per 1,000, later deletion included", () => {
  it("log lines, 500 a request: at most 20", async () => {
    const { db, written } = countingDb(env.DB);
    const store = makeLogStore(db, "budget-logs", noSpill);
    for (let r = 0; r < 2; r++) {
      await store.append(
        `b${r}`,
        Array.from({ length: 500 }, (_, i) => line(r * 500 + i)),
      );
    }
    const inserted = written();
    const deleted = await store.deleteBefore(NOW + 3_600_000);
    console.log(`rows per 1,000 lines: ${inserted} inserted, ${deleted.deletedRows} deleted`);
    expect(inserted).toBeGreaterThan(0);
    expect(deleted.deletedRows).toBeGreaterThan(0);
    expect(written()).toBe(inserted + deleted.deletedRows);
    expect(written()).toBeLessThanOrEqual(20);
    expect(
      await db
        .prepare("SELECT count(*) AS n FROM log_chunks WHERE project_id = 'budget-logs'")
        .first("n"),
    ).toBe(0);
  });

  it.each([
    ["20 spans a trace", 20],
    ["5 spans a trace", 5],
    ["1 span a trace", 1],
  ])("spans, 500 a request, %s: at most 400", async (name, perTrace) => {
    const project = `budget-${perTrace}`;
    const { db, written } = countingDb(env.DB);
    const store = makeTraceStore(db, project, noSpill);
    for (let r = 0; r < 2; r++) {
      const spans = Array.from({ length: 500 }, (_, i) => {
        const n = r * 500 + i;
        return span(n, hex(Math.floor(n / perTrace) * 2_654_435_761 + 1, 32));
      });
      await store.append(`b${r}`, spans);
    }
    const inserted = written();
    const found = await store.trace(hex(Math.floor(123 / perTrace) * 2_654_435_761 + 1, 32));
    expect(found).toHaveLength(perTrace);
    const deleted = await store.deleteBefore(NOW + 3_600_000);
    console.log(
      `rows per 1,000 spans, ${name}: ${inserted} inserted, ${deleted.deletedRows} deleted`,
    );
    expect(written()).toBeLessThanOrEqual(400);
    for (const table of ["span_chunks", "trace_index"]) {
      expect(
        await db
          .prepare(`SELECT count(*) AS n FROM ${table} WHERE project_id = ?1`)
          .bind(project)
          .first("n"),
      ).toBe(0);
    }
  });
});
