import type { StringMap } from "./alerts";

/** From least to most severe. A level's number is its bit in a chunk's `levels`. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One log line as it is kept. */
export interface LogLine {
  /** Since the epoch, whole. */
  readonly timeMs: number;
  /** Nanoseconds beyond `timeMs`, 0 to 999,999; 0 where the sender knows no finer than ms. */
  readonly subMsNanos: number;
  readonly level: LogLevel;
  /** The level as it was sent, "" where it was the normalised one or absent. */
  readonly levelText: string;
  /** "" where none was given. */
  readonly service: string;
  readonly message: string;
  /** Flat: nested objects become dotted names. */
  readonly attributes: StringMap;
  /** 32 lower-case hex digits, or "". */
  readonly traceId: string;
  /** 16 lower-case hex digits, or "". */
  readonly spanId: string;
}

/** Words that stand next to each other in one field of a line, or (negated) must not. */
export interface LogTerm {
  readonly words: readonly string[];
  readonly negated: boolean;
}

export interface LogSearch {
  /** All must hold. */
  readonly terms: readonly LogTerm[];
  /** Any of these; empty: every level. */
  readonly levels: readonly LogLevel[];
  readonly service?: string;
  readonly traceId?: string;
  /** Inclusive. */
  readonly fromMs: number;
  /** Inclusive. */
  readonly toMs: number;
  readonly limit: number;
}

/** Why a search stopped before `fromMs`. `limit`: enough lines were found. */
export type SearchTruncation = "limit" | "chunks_scanned" | "bytes_decoded";

export interface LogSearchResult {
  /** Newest first. */
  readonly lines: readonly LogLine[];
  /** Absent where everything from `fromMs` to `toMs` was looked at. */
  readonly truncated?: { readonly reason: SearchTruncation; readonly limit: number };
  /** Nothing older than this was looked at in full: ask again with `to` here for more. */
  readonly searchedFromMs: number;
  readonly scannedChunks: number;
  readonly decodedChunks: number;
}

/** What retention did. `more`: call again. */
export interface DeletedBefore {
  readonly deletedRows: number;
  readonly more: boolean;
}

/** A project's log lines. */
export interface LogStore {
  /**
   * Keeps the lines of one batch. The same batch id with the same lines is kept once; with `rememberId`
   * also where the lines got their times on arrival, so that a repeat brings others (one more row written).
   * @throws StoreQuotaError | StoreUnavailableError (storage/write-or-spill.ts)
   */
  append(
    batchId: string,
    lines: readonly LogLine[],
    options?: { readonly rememberId: boolean },
  ): Promise<"stored" | "spilled">;
  search(search: LogSearch): Promise<LogSearchResult>;
  /** Deletes a bounded number of the oldest chunks that end before `beforeMs`. */
  deleteBefore(beforeMs: number): Promise<DeletedBefore>;
}
