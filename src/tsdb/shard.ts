import { BatchFormatError } from "../core/batch";
import type { Labels } from "../core/labels";
import type { Matcher } from "../core/matchers";
import { type AppendResult, SampleBudgetError, type SelectRequest } from "../core/metric-store";
import type { MetricMetadata } from "../core/series";
import { REPEAT_MS, STEP_MS, flush, isRetired, isWaiting, repeat } from "./accumulators";
import { Commit } from "./commit";
import { readLogRecord } from "./log-codec";
import { matchSeries } from "./match";
import { DEFAULT_LIMITS, type ShardLimits } from "./rejections";
import { SelectBuilder } from "./select-codec";
import { ShardState } from "./shard-state";
import { type BlobStorage, MAX_BLOB_BYTES, concatBytes } from "./storage-port";

/** What became of one append of a group commit. */
export type AppendOutcome =
  | { readonly ok: true; readonly result: AppendResult }
  | { readonly ok: false; readonly error: BatchFormatError };

export interface CommitOutcome {
  readonly results: readonly AppendOutcome[];
  /** Rule groups to nudge. */
  readonly touched: readonly string[];
}

/**
 * One shard of a project's metrics over a small disk. Single-threaded: every
 * call runs to its end. After a call threw for the disk, the state in memory is
 * not to be trusted: open the shard again.
 */
export class Shard {
  private readonly state = new ShardState();
  samplesAppended = 0;

  constructor(
    private readonly storage: BlobStorage,
    private readonly limits: ShardLimits = DEFAULT_LIMITS,
  ) {
    for (const row of joinRows(storage.readLog())) {
      this.state.replay(readLogRecord(row));
      this.state.logBytes += row.length;
    }
  }

  /** Group commit: judges all batches, writes one log record, and answers each. Durable once the disk is. */
  append(batches: readonly Uint8Array[], now: number): CommitOutcome {
    const commit = this.begin(now);
    const results = batches.map((b): AppendOutcome => {
      try {
        return { ok: true, result: commit.add(b) };
      } catch (error) {
        if (error instanceof BatchFormatError) return { ok: false, error };
        throw error;
      }
    });
    this.write(commit);
    return { results, touched: [...commit.touched] };
  }

  /** Writes accumulator totals that wait, and repeats values that are due. Gives the groups to nudge. */
  tick(now: number): readonly string[] {
    const commit = this.begin(now);
    for (const state of this.state.accumulators.values()) {
      const step = isWaiting(state) ? flush(state, now) : repeat(state, now);
      if (step.emit.length > 0) commit.accumulate(step.state, step.emit);
    }
    this.write(commit);
    return [...commit.touched];
  }

  /** When {@link tick} has something to do next: at once for totals that wait, by the minute for repeats; undefined for never. */
  nextTick(now: number): number | undefined {
    let next = Infinity;
    for (const s of this.state.accumulators.values()) {
      if (isWaiting(s)) next = Math.min(next, s.emittedMs + STEP_MS);
      else if (!isRetired(s, now)) next = Math.min(next, s.emittedMs + REPEAT_MS);
    }
    return next === Infinity ? undefined : Math.max(next, now);
  }

  /** @throws SampleBudgetError */
  select(requests: readonly SelectRequest[], maxSamples: number): readonly Uint8Array[] {
    const out = new SelectBuilder();
    let budget = maxSamples;
    const { table, head } = this.state;
    const mapped = new Int32Array(table.symbols.size).fill(-1);
    for (const request of requests) {
      for (const ref of matchSeries(table, request.matchers)) {
        const s = head.readChunk(ref, request.startMs, request.endMs);
        if (s === undefined) continue;
        budget -= head.countOf(ref);
        if (budget < 0)
          throw new SampleBudgetError(`the query needs more than ${maxSamples} samples`);
        const ids = table.symbolsOf(ref);
        const labels = new Array<number>(ids.length);
        for (let i = 0; i < ids.length; i++) {
          const id = ids[i] as number;
          labels[i] =
            mapped[id] === undefined || mapped[id] < 0
              ? (mapped[id] = out.symbols.internText(table.symbols.text(id)))
              : (mapped[id] as number);
        }
        out.add(labels, [s]);
      }
      out.endRequest();
    }
    return out.finish();
  }

  series(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Labels[] {
    return this.liveRefs(matchers, startMs, endMs)
      .slice(0, limit)
      .map((ref) => this.state.table.labelsOf(ref));
  }

  labelNames(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): string[] {
    const names = new Set<string>();
    for (const l of this.series(matchers, startMs, endMs, Infinity))
      for (let i = 0; i < l.length; i += 2) names.add(l[i] as string);
    return [...names].sort().slice(0, limit);
  }

  labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): string[] {
    const values = new Set<string>();
    for (const l of this.series(matchers, startMs, endMs, Infinity)) {
      for (let i = 0; i < l.length; i += 2) if (l[i] === name) values.add(l[i + 1] as string);
    }
    return [...values].sort().slice(0, limit);
  }

  metadata(metric: string | undefined, limit: number): MetricMetadata[] {
    const all =
      metric === undefined
        ? [...this.state.metadata.values()]
        : [this.state.metadata.get(metric)].filter((m) => m !== undefined);
    return all.slice(0, limit);
  }

  registerSelectors(
    group: string,
    version: number,
    selectors: readonly (readonly Matcher[])[],
  ): void {
    this.state.groups.register({ group, version, selectors }, this.state.table);
  }

  unregisterSelectors(group: string): void {
    this.state.groups.unregister(group);
  }

  status(): {
    readonly activeSeries: number;
    readonly headSamples: number;
    readonly logRows: number;
    readonly rowsWritten: number;
    readonly databaseBytes: number;
  } {
    return {
      activeSeries: this.state.table.live,
      headSamples: this.state.head.count,
      logRows: this.state.logRows,
      rowsWritten: this.storage.rowsWritten(),
      databaseBytes: this.storage.databaseBytes(),
    };
  }

  private liveRefs(
    matchers: readonly (readonly Matcher[])[],
    _startMs: number,
    _endMs: number,
  ): number[] {
    const lists = matchers.length === 0 ? [[]] : matchers;
    return [...new Set(lists.flatMap((m) => matchSeries(this.state.table, m)))];
  }

  private begin(now: number): Commit {
    return new Commit(this.state, { compare: () => "absent" }, this.limits, now);
  }

  private write(commit: Commit): void {
    const record = commit.finish();
    if (record === undefined) return;
    this.samplesAppended += commit.log.samples;
    const rows = cutRows(record);
    if (rows.length === 1) this.storage.appendLog(rows[0] as Uint8Array);
    else this.storage.transaction(() => rows.forEach((r) => this.storage.appendLog(r)));
    this.state.logRows += rows.length;
    this.state.logBytes += record.length;
  }
}

/** A log row starts with a byte: 1 where the record goes on in the next row. */
function cutRows(record: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < record.length; at += MAX_BLOB_BYTES) {
    const part = record.subarray(at, at + MAX_BLOB_BYTES);
    const row = new Uint8Array(part.length + 1);
    row[0] = at + part.length < record.length ? 1 : 0;
    row.set(part, 1);
    out.push(row);
  }
  return out;
}

function* joinRows(rows: readonly Uint8Array[]): Iterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  for (const row of rows) {
    parts.push(row.subarray(1));
    if (row[0] === 1) continue;
    yield concatBytes(parts);
    parts = [];
  }
}
