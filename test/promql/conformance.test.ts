import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { QueryError, evalInstant, evalRange, parseExpr, renderExpr } from "../../src/promql/index";
import { MemoryQueryable } from "./promqltest/memory-queryable";
import { runScript } from "./promqltest/run";

/** Prometheus' own scripts and cases, kept beside the repository where a developer has them. */
const SHARED = join(import.meta.dirname, "../../../shared/conformance");
const present = existsSync(SHARED);

interface ParseCase {
  readonly input: string;
  readonly ok: boolean;
  readonly errors: readonly string[];
}

interface CorpusEntry {
  readonly expr: string;
  readonly prom242_ok: boolean;
}

function json<T>(path: string): readonly T[] {
  return JSON.parse(readFileSync(join(SHARED, path), "utf8")) as readonly T[];
}

describe.skipIf(!present)("Prometheus' scripts", () => {
  const folder = join(SHARED, "promqltest");
  const files = present ? readdirSync(folder).filter((f) => f.endsWith(".test")) : [];

  it.each(files)("%s", async (file) => {
    const outcomes = await runScript(readFileSync(join(folder, file), "utf8"));
    const failed = outcomes.filter((o) => o.failure !== undefined);
    expect(failed).toEqual([]);
  });

  it.each(files)("%s passes nowhere once its expectations are changed", async (file) => {
    const outcomes = await runScript(readFileSync(join(folder, file), "utf8"), { mutate: true });
    expect(outcomes.filter((o) => o.failure === undefined)).toEqual([]);
  });
});

describe.skipIf(!present)("Prometheus' parser cases", () => {
  it("are accepted and refused alike, with the same messages", () => {
    const wrong = json<ParseCase>("promql/parse_cases.json").flatMap((c) => {
      const r = parseExpr(c.input);
      const got = r.ok ? [] : r.error.all;
      return r.ok === c.ok && JSON.stringify(got) === JSON.stringify(c.errors)
        ? []
        : [{ input: c.input, expected: c.errors, got }];
    });
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(!present)("expressions of real dashboards and rules", () => {
  it("parse, print, and evaluate at one time and over a range", async () => {
    const queryable = new MemoryQueryable();
    const wrong: unknown[] = [];
    for (const { expr, prom242_ok: valid } of json<CorpusEntry>("promql/corpus.json")) {
      const parsed = parseExpr(expr);
      if (parsed.ok !== valid) wrong.push({ expr, valid });
      if (!parsed.ok) continue;
      const again = parseExpr(renderExpr(parsed.value));
      if (!again.ok || renderExpr(again.value) !== renderExpr(parsed.value))
        wrong.push({ expr, printed: renderExpr(parsed.value) });
      try {
        await evalInstant(parsed.value, { queryable, atMs: 1_700_000_000_000 });
        await evalRange(parsed.value, {
          queryable,
          startMs: 1_700_000_000_000,
          endMs: 1_700_000_600_000,
          stepMs: 60_000,
        });
      } catch (e) {
        if (!(e instanceof QueryError && e.message.startsWith("invalid expression type")))
          wrong.push({ expr, error: String(e) });
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
