import { gunzip, gzip } from "../core/gzip";
import { LOG_LEVELS, type LogLevel, type LogLine } from "../core/logs";

/**
 * The lines of a chunk as bytes: `VLC`, version, length, then gzip of the columns as JSON.
 * Drawn in docs/formats/log-chunk.md.
 */
const MAGIC = [0x56, 0x4c, 0x43];
const VERSION = 1;
const HEADER = 8;
/** A chunk's columns are at most this long unfolded (limits.ts keeps them far below). */
const MAX_COLUMNS = 16 * 1024 * 1024;

/** Thrown by {@link decodeLines}: the bytes are no chunk of a version this code knows. */
export class LogChunkError extends Error {
  override readonly name = "LogChunkError";
}

/** Columns of a chunk; line i has the i-th value of each. */
interface Columns {
  /** Ms of the first line. */
  readonly t0: number;
  /** Ms since the line before. */
  readonly t: readonly number[];
  /** Nanoseconds beyond the ms; absent where all are 0. */
  readonly n?: readonly number[];
  /** Number in LOG_LEVELS. */
  readonly l: readonly number[];
  /** Levels as sent, by dictionary; absent where all are "". */
  readonly x?: Dictionary;
  readonly s: Dictionary;
  readonly m: readonly string[];
  /** Attribute names that lines share, then which of them each line has, then the values in turn. */
  readonly k: readonly (readonly string[])[];
  readonly a: readonly number[];
  readonly v: readonly (readonly string[])[];
  /** Trace and span ids; absent where all are "". */
  readonly tr?: Dictionary;
  readonly sp?: readonly string[];
}

interface Dictionary {
  readonly d: readonly string[];
  readonly i: readonly number[];
}

/** @param lines sorted by time */
export async function encodeLines(lines: readonly LogLine[]): Promise<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(toColumns(lines)));
  const packed = await gzip(json);
  const out = new Uint8Array(HEADER + packed.length);
  out.set(MAGIC);
  out[3] = VERSION;
  new DataView(out.buffer).setUint32(4, json.length, true);
  out.set(packed, HEADER);
  return out;
}

/** @throws LogChunkError */
export async function decodeLines(bytes: Uint8Array): Promise<LogLine[]> {
  if (bytes.length < HEADER || MAGIC.some((b, i) => bytes[i] !== b))
    throw new LogChunkError("not a log chunk");
  if (bytes[3] !== VERSION) throw new LogChunkError(`log chunk version ${bytes[3]} is not known`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (length > MAX_COLUMNS)
    throw new LogChunkError(`a log chunk of ${length} bytes unfolded is too large`);
  const json = await gunzip(bytes.subarray(HEADER), length);
  // Written by encodeLines alone: magic and version say so.
  return fromColumns(JSON.parse(new TextDecoder().decode(json)) as Columns);
}

/** Bytes that a chunk's columns take unfolded, from its header. */
export function unfoldedBytes(bytes: Uint8Array): number {
  return bytes.length < HEADER
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
}

export function toColumns(lines: readonly LogLine[]): Columns {
  const shapes = new Map<string, number>();
  const k: (readonly string[])[] = [];
  const a = lines.map((line) => {
    const names = Object.keys(line.attributes);
    const key = JSON.stringify(names);
    const known = shapes.get(key);
    if (known !== undefined) return known;
    shapes.set(key, k.length);
    return k.push(names) - 1;
  });
  const t0 = lines[0]?.timeMs ?? 0;
  const some = (pick: (l: LogLine) => string): boolean => lines.some((l) => pick(l) !== "");
  return {
    t0,
    t: lines.map((l, i) => l.timeMs - (lines[i - 1]?.timeMs ?? t0)),
    ...(lines.some((l) => l.subMsNanos !== 0) ? { n: lines.map((l) => l.subMsNanos) } : {}),
    l: lines.map((l) => LOG_LEVELS.indexOf(l.level)),
    ...(some((l) => l.levelText) ? { x: dictionary(lines.map((l) => l.levelText)) } : {}),
    s: dictionary(lines.map((l) => l.service)),
    m: lines.map((l) => l.message),
    k,
    a,
    v: lines.map((l) => Object.values(l.attributes)),
    ...(some((l) => l.traceId) ? { tr: dictionary(lines.map((l) => l.traceId)) } : {}),
    ...(some((l) => l.spanId) ? { sp: lines.map((l) => l.spanId) } : {}),
  };
}

function fromColumns(c: Columns): LogLine[] {
  let timeMs = c.t0;
  return c.m.map((message, i) => {
    timeMs += c.t[i] ?? 0;
    const names = c.k[c.a[i] ?? 0] ?? [];
    const values = c.v[i] ?? [];
    return {
      timeMs,
      subMsNanos: c.n?.[i] ?? 0,
      level: levelAt(c.l[i] ?? 1),
      levelText: c.x === undefined ? "" : lookup(c.x, i),
      service: lookup(c.s, i),
      message,
      // fromEntries makes own properties, so that a name `__proto__` is only a name.
      attributes: Object.fromEntries(names.map((n, j) => [n, values[j] ?? ""])),
      traceId: c.tr === undefined ? "" : lookup(c.tr, i),
      spanId: c.sp?.[i] ?? "",
    };
  });
}

function levelAt(n: number): LogLevel {
  return LOG_LEVELS[n] ?? "info";
}

function dictionary(values: readonly string[]): Dictionary {
  const at = new Map<string, number>();
  const i = values.map((v) => {
    const known = at.get(v);
    if (known !== undefined) return known;
    at.set(v, at.size);
    return at.size - 1;
  });
  return { d: [...at.keys()], i };
}

function lookup(d: Dictionary, i: number): string {
  return d.d[d.i[i] ?? -1] ?? "";
}
