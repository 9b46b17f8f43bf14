import { DurableObject } from "cloudflare:workers";
import { decodeLabels, encodeLabels } from "../src/core/label-bytes";
import { type Labels, labelsKey, labelsToRecord, withLabel } from "../src/core/labels";
import { BatchBuilder, readBatch } from "../src/core/batch";
import type { ScraperRpc } from "../src/core/objects";
import { ok } from "../src/core/result";
import { isSealed, sealProblemText } from "../src/core/seal";
import { compose } from "../src/compose";
import type { Env } from "../src/env";
import type { Deps } from "../src/http/deps";
import type { Outside } from "../src/http/scrape/fetch";
import { md5Tail } from "../src/http/scrape/md5";
import { runProbe } from "../src/http/scrape/run-probe";
import { type ScrapeOutcome, runScrape } from "../src/http/scrape/run-scrape";
import { probeOf } from "../src/scrape/probe-target";
import { type RelabelStep, compileRelabel } from "../src/scrape/relabel";
import {
  NO_SERIES,
  type SeriesOfTarget,
  endedTarget,
  failedScrape,
  Scrape,
} from "../src/scrape/scrape-batch";
import type { ScraperSpec, ScraperView, TargetView } from "../src/scrape/view";
import {
  type JobTargets,
  type Target,
  nextScrape,
  resumedScrape,
  targetsOf,
} from "../src/scrape/targets";
import { parseObjectName } from "../src/storage/objects";
import { concatBytes } from "../src/tsdb/storage-port";
import { type ObjectMigration, migrateObject } from "./migrate";

export const SCRAPER_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_scraper",
    sql: `CREATE TABLE settings (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE series (target TEXT NOT NULL, piece INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (target, piece)) WITHOUT ROWID;`,
  },
];

/** A scrape within this waits on a timer in memory, one further off on the alarm: an alarm a second would cost a row each. */
const NEAR_MS = 5_000;
/** Revives the timers of an object that died. */
const REVIVE_MS = 30_000;
/** The platform holds more connections than this back. */
const PARALLEL = 6;
/** A row takes 2 MB. */
const PIECE_BYTES = 1_500_000;
/** A sample is stamped with the time it was due where it is this near: times on a grid take a tenth of the room. */
const ALIGN_MS = 100;
const ALIGN_SHARE = 0.01;

/** Of a target's last error, where it is kept. */
const MAX_ERROR = 200;

type KeptHealth = Pick<Running, "health" | "lastScrapeMs" | "lastDurationMs" | "lastError"> & {
  readonly key: string;
};

interface Running {
  readonly target: Target;
  before: SeriesOfTarget;
  dueMs: number;
  busy: boolean;
  lastScrapeMs: number;
  lastDurationMs: number;
  lastError: string;
  health: TargetView["health"];
}

/** The shell of one scrape job: asks its targets in time, each by itself, and stores what they say. */
export class Scraper extends DurableObject<Env> implements ScraperRpc {
  private readonly deps: Deps;
  private readonly projectId: string;
  private readonly key: string;
  private readonly outside: Outside;
  private spec: ScraperSpec | undefined;
  private found: JobTargets = { active: [], dropped: [], broken: [] };
  private steps: readonly RelabelStep[] = [];
  private readonly running = new Map<string, Running>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastTickMs = 0;
  private inFlight = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, SCRAPER_MIGRATIONS);
    const name = parseObjectName(ctx.id.name);
    this.projectId = name.projectId;
    this.key = name.rest;
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    this.outside = this.deps.outside;
    const stored = ctx.storage.sql
      .exec<{ data: string }>("SELECT data FROM settings WHERE id = 'spec'")
      .toArray()[0];
    if (stored !== undefined) void ctx.blockConcurrencyWhile(() => this.resume(stored.data));
  }

  /** Takes up the configuration as configure() stored it, in plain text before any was sealed. */
  private async resume(stored: string): Promise<void> {
    const opened = isSealed(stored)
      ? await this.deps.sealer(this.projectId).open("scrape", stored)
      : ok(stored);
    if (!opened.ok) {
      console.error(`scraper ${this.key}: its configuration:`, sealProblemText(opened.error));
      return;
    }
    this.start(JSON.parse(opened.value) as ScraperSpec);
    this.recall();
  }

  async configure(specJson: string): Promise<void> {
    const spec = JSON.parse(specJson) as ScraperSpec; // checked by scrape/config
    if (this.spec !== undefined && this.spec.version > spec.version) return;
    // Before anything is stored, so that a repeated call finds all of it done or none.
    await this.deps.objects(this.projectId).registerTicking("Scraper", this.key);
    const sealed = await this.deps.sealer(this.projectId).seal("scrape", specJson);
    // A later one may have come while this one waited.
    if (this.spec !== undefined && this.spec.version > spec.version) return;
    this.ctx.storage.sql.exec(
      "INSERT INTO settings VALUES ('spec', ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
      sealed,
    );
    const gone = this.start(spec);
    await this.end(gone);
    await this.schedule();
  }

  async remove(): Promise<void> {
    const gone = [...this.running.values()];
    this.running.clear();
    this.spec = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.deps.objects(this.projectId).unregisterTicking("Scraper", this.key);
    await this.end(gone);
    await this.ctx.storage.deleteAlarm();
    this.ctx.storage.sql.exec("DELETE FROM settings");
  }

  async state(): Promise<string> {
    const { spec } = this;
    if (spec === undefined) return "null";
    const view: ScraperView = {
      job: spec.job.name,
      active: [...this.running.values()].map((r) => ({
        labels: labelsToRecord(r.target.labels),
        discovered: labelsToRecord(r.target.discovered),
        url: r.target.url,
        intervalMs: r.target.intervalMs,
        timeoutMs: r.target.timeoutMs,
        health: r.health,
        lastError: r.lastError,
        lastScrapeMs: r.lastScrapeMs,
        lastDurationMs: r.lastDurationMs,
      })),
      broken: this.found.broken.map((b) => ({
        discovered: labelsToRecord(b.discovered),
        error: b.error,
      })),
      dropped: this.found.dropped.map((d) => labelsToRecord(d.discovered)),
    };
    return JSON.stringify(view);
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    const armed = (await this.ctx.storage.getAlarm()) !== null;
    if (this.spec !== undefined) await this.schedule();
    return { lastTickMs: this.lastTickMs, rearmed: !armed && this.spec !== undefined };
  }

  override async alarm(): Promise<void> {
    if (this.spec === undefined) return;
    // First of all the next one: a scrape that dies must not be the last.
    await this.ctx.storage.setAlarm(this.deps.clock() + REVIVE_MS);
    this.tick();
  }

  /** Takes a configuration up; gives what is scraped no more. Targets that stay keep their series and their health. */
  private start(spec: ScraperSpec): readonly Running[] {
    this.spec = spec;
    this.steps = compileRelabel(spec.job.metricRelabel);
    this.found = targetsOf(spec.job, md5Tail);
    const now = this.deps.clock();
    const before = new Map(this.running);
    this.running.clear();
    for (const target of this.found.active) {
      const old = before.get(target.key);
      before.delete(target.key);
      this.running.set(target.key, {
        target,
        before: old?.before ?? this.readSeries(target.key),
        dueMs: nextScrape(target, now),
        // A scrape that is under way is the old one's, and what it brings is left aside.
        busy: false,
        lastScrapeMs: old?.lastScrapeMs ?? 0,
        lastDurationMs: old?.lastDurationMs ?? 0,
        lastError: old?.lastError ?? "",
        health: old?.health ?? "unknown",
      });
    }
    return [...before.values()];
  }

  private async end(gone: readonly Running[]): Promise<void> {
    const now = this.deps.clock();
    for (const r of gone) {
      this.ctx.storage.sql.exec("DELETE FROM series WHERE target = ?", r.target.key);
      await this.store(endedTarget(r.target, r.before, now));
    }
  }

  /** Starts what is due, and sees to the next wake. Never waits for a target. */
  private tick(): void {
    const now = this.deps.clock();
    this.lastTickMs = now;
    // The one that has waited longest first: where connections are short, nobody is passed over for ever.
    const waiting = [...this.running.values()]
      .filter((r) => r.dueMs <= now)
      .sort((a, b) => a.dueMs - b.dueMs);
    for (const r of waiting) {
      if (this.inFlight >= PARALLEL) break;
      const dueMs = r.dueMs;
      r.dueMs = nextScrape(r.target, now);
      // One that still hangs from before is left to its timeout, which ends before the next is due.
      if (r.busy) continue;
      r.busy = true;
      this.inFlight++;
      this.ctx.waitUntil(
        this.scrape(r, dueMs, now)
          .catch((e: unknown) => console.error("scraper: a scrape threw", r.target.url, e))
          .finally(() => {
            r.busy = false;
            this.inFlight--;
            // Those that found no free connection.
            if ([...this.running.values()].some((o) => !o.busy && o.dueMs <= this.deps.clock()))
              this.tick();
            else if (this.inFlight === 0) this.keepHealth();
          }),
      );
    }
    this.ctx.waitUntil(
      this.schedule().catch((e: unknown) => console.error("scraper: no alarm was set", e)),
    );
  }

  private async schedule(): Promise<void> {
    const now = this.deps.clock();
    // With every connection taken, those that are due wait for one to be free, which ticks: a timer would only spin.
    const full = this.inFlight >= PARALLEL;
    const due = this.nextDue(full ? now : -Infinity);
    if (due === Infinity) {
      if (this.running.size > 0 && (await this.ctx.storage.getAlarm()) === null)
        await this.ctx.storage.setAlarm(now + REVIVE_MS);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    const wait = Math.max(due - now, 0);
    if (wait <= NEAR_MS)
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.tick();
      }, wait);
    const wanted = wait <= NEAR_MS ? now + REVIVE_MS : due;
    const set = await this.ctx.storage.getAlarm();
    // A revival that is set already serves as well as a later one.
    if (set === null || set > wanted || set <= now) await this.ctx.storage.setAlarm(wanted);
  }

  private nextDue(after: number): number {
    let due = Infinity;
    for (const r of this.running.values()) if (r.dueMs > after) due = Math.min(due, r.dueMs);
    return due;
  }

  /** Before a pause in which the object may be put away: what its targets' state was. Costs a row a pause, none in a job that never rests. */
  private keepHealth(): void {
    if (this.spec === undefined || this.nextDue(-Infinity) - this.deps.clock() <= NEAR_MS) return;
    const kept: KeptHealth[] = [...this.running.values()].map((r) => ({
      key: r.target.key,
      health: r.health,
      lastScrapeMs: r.lastScrapeMs,
      lastDurationMs: r.lastDurationMs,
      lastError: r.lastError.slice(0, MAX_ERROR),
    }));
    const data = JSON.stringify(kept);
    if (data.length > PIECE_BYTES) return;
    this.ctx.storage.sql.exec(
      "INSERT INTO settings VALUES ('health', ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
      data,
    );
  }

  /** What {@link keepHealth} kept, and from it when each target is due. */
  private recall(): void {
    const row = this.ctx.storage.sql
      .exec<{ data: string }>("SELECT data FROM settings WHERE id = 'health'")
      .toArray()[0];
    // As keepHealth() wrote it.
    const kept = row === undefined ? [] : (JSON.parse(row.data) as readonly KeptHealth[]);
    for (const { key, ...state } of kept) {
      const r = this.running.get(key);
      if (r !== undefined) Object.assign(r, state);
    }
    const now = this.deps.clock();
    for (const r of this.running.values()) r.dueMs = resumedScrape(r.target, now, r.lastScrapeMs);
  }

  private async scrape(r: Running, dueMs: number, now: number): Promise<void> {
    const { spec } = this;
    if (spec === undefined) return;
    const slack = Math.min(ALIGN_MS, ALIGN_SHARE * r.target.intervalMs);
    const timeMs = now - dueMs <= slack ? dueMs : now;
    const probe = probeOf(r.target, spec.modules);
    const outcome =
      probe === undefined
        ? await runScrape(
            spec.job,
            r.target,
            this.steps,
            r.before,
            timeMs,
            this.outside,
            this.deps.clock,
          )
        : await this.probe(r, spec, probe, timeMs);
    // The job may have been changed or removed meanwhile.
    if (this.running.get(r.target.key) !== r) return;
    r.lastScrapeMs = timeMs;
    r.lastDurationMs = outcome.durationMs;
    r.health = outcome.up ? "up" : "down";
    r.lastError = outcome.up ? "" : outcome.error;
    await this.store(outcome.batch);
    const series = outcome.up ? outcome.series : NO_SERIES;
    if (!sameKeys(series, r.before)) this.writeSeries(r.target.key, series);
    r.before = series;
  }

  private async probe(
    r: Running,
    spec: ScraperSpec,
    probe: NonNullable<ReturnType<typeof probeOf>>,
    timeMs: number,
  ): Promise<ScrapeOutcome> {
    const began = this.deps.clock();
    const { clock } = this.deps;
    const result = await runProbe(
      probe.module,
      probe.target,
      r.target.timeoutMs,
      this.outside,
      clock,
    );
    const scrape = new Scrape(spec.job, r.target, this.steps, md5Tail, timeMs);
    for (const [name, labels, value] of result.series) {
      let own: Labels = ["__name__", name];
      for (const [k, v] of Object.entries(labels)) own = withLabel(own, k, v);
      scrape.sample(own, value, undefined);
    }
    const durationMs = clock() - began;
    if (scrape.refusal !== undefined)
      return {
        up: false,
        error: scrape.refusal,
        durationMs,
        batch: failedScrape(r.target, r.before, timeMs, durationMs),
      };
    return { up: true, durationMs, ...scrape.finish(r.before, durationMs) };
  }

  private async store(batch: Uint8Array): Promise<void> {
    try {
      const { rejected } = await this.deps.metrics(this.projectId).append(batch);
      for (const x of rejected)
        console.warn("scraper: samples were refused", this.key, x.reason, x.count, x.example);
    } catch (e) {
      console.warn("scraper: samples were not stored", this.key, e);
    }
  }

  /** Written only where it changed, so that a steady target costs no row. */
  private writeSeries(target: string, series: SeriesOfTarget): void {
    const b = new BatchBuilder();
    for (const labels of series.values()) b.seriesBytes(encodeLabels(labels));
    const bytes = b.finish();
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec("DELETE FROM series WHERE target = ?", target);
      for (let at = 0, piece = 0; at < bytes.length; at += PIECE_BYTES, piece++)
        sql.exec(
          "INSERT INTO series VALUES (?, ?, ?)",
          target,
          piece,
          bytes.slice(at, at + PIECE_BYTES),
        );
    });
  }

  private readSeries(target: string): SeriesOfTarget {
    const pieces = this.ctx.storage.sql
      .exec<{ data: ArrayBuffer }>(
        "SELECT data FROM series WHERE target = ? ORDER BY piece",
        target,
      )
      .toArray()
      .map((row) => new Uint8Array(row.data));
    if (pieces.length === 0) return NO_SERIES;
    const view = readBatch(concatBytes(pieces));
    const out = new Map<string, Labels>();
    for (let i = 0; i + 1 < view.labelOffsets.length; i++) {
      const labels = decodeLabels(
        view.labelBytes.subarray(view.labelOffsets[i], view.labelOffsets[i + 1]),
      );
      out.set(labelsKey(labels), labels);
    }
    return out;
  }
}

function sameKeys(a: SeriesOfTarget, b: SeriesOfTarget): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) if (!b.has(key)) return false;
  return true;
}
