import { formatLayout, parseLayout } from "./time-layout";
import { offsetAt, zoneNameAt } from "./time-zone";

/** Go's time.Time to the millisecond, on the clock of a zone. */
export class GoTime {
  constructor(
    readonly ms: number,
    readonly zone: string = "UTC",
  ) {}

  get offsetMinutes(): number {
    return offsetAt(this.zone, this.ms);
  }

  get zoneName(): string {
    return zoneNameAt(this.zone, this.ms);
  }

  format(layout: string): string {
    return formatLayout(layout, this.ms, this.offsetMinutes, this.zoneName);
  }

  toString(): string {
    return this.format("2006-01-02 15:04:05.999999999 -0700 MST");
  }

  /** As encoding/json writes it. */
  toJSON(): string {
    return this.format("2006-01-02T15:04:05.999999999Z07:00");
  }
}

/** Go's time.Duration to the nanosecond. */
export class GoDuration {
  constructor(readonly ns: number) {}

  toString(): string {
    return durationText(this.ns);
  }
}

/** Go's zero time, 1 January of the year 1. */
export const ZERO_TIME_MS = -62_135_596_800_000;

export function parseGoTime(layout: string, text: string): GoTime | undefined {
  const ms = parseLayout(layout, text);
  return ms === undefined ? undefined : new GoTime(ms);
}

type Method<T> = (of: T, ...args: readonly unknown[]) => unknown;

/** The methods of time.Time that templates use. */
export const TIME_METHODS: Readonly<Record<string, Method<GoTime>>> = {
  Format: (t, layout) => t.format(String(layout)),
  String: (t) => t.toString(),
  Unix: (t) => Math.floor(t.ms / 1000),
  UnixMilli: (t) => t.ms,
  UTC: (t) => new GoTime(t.ms),
  Local: (t) => new GoTime(t.ms),
  IsZero: (t) => t.ms === ZERO_TIME_MS,
  Year: (t) => wall(t).getUTCFullYear(),
  Month: (t) => t.format("January"),
  Day: (t) => wall(t).getUTCDate(),
  Hour: (t) => wall(t).getUTCHours(),
  Minute: (t) => wall(t).getUTCMinutes(),
  Second: (t) => wall(t).getUTCSeconds(),
  Weekday: (t) => t.format("Monday"),
  YearDay: (t) => Number(t.format("002")),
  Add: (t, d) => new GoTime(t.ms + nanoseconds(d) / 1e6, t.zone),
  Sub: (t, u) => new GoDuration((t.ms - millis(u)) * 1e6),
  Before: (t, u) => t.ms < millis(u),
  After: (t, u) => t.ms > millis(u),
  Equal: (t, u) => t.ms === millis(u),
};

/** The methods of time.Duration that templates use. */
export const DURATION_METHODS: Readonly<Record<string, Method<GoDuration>>> = {
  String: (d) => d.toString(),
  Hours: (d) => d.ns / 3.6e12,
  Minutes: (d) => d.ns / 6e10,
  Seconds: (d) => d.ns / 1e9,
  Milliseconds: (d) => Math.trunc(d.ns / 1e6),
  Truncate: (d, unit) => new GoDuration(toUnit(d.ns, nanoseconds(unit), Math.trunc)),
  Round: (d, unit) => new GoDuration(toUnit(d.ns, nanoseconds(unit), Math.round)),
};

function wall(t: GoTime): Date {
  return new Date(t.ms + t.offsetMinutes * 60_000);
}

function nanoseconds(v: unknown): number {
  if (v instanceof GoDuration) return v.ns;
  if (typeof v === "number") return v;
  throw new RangeError("a duration is wanted");
}

function millis(v: unknown): number {
  if (v instanceof GoTime) return v.ms;
  throw new RangeError("a time is wanted");
}

function toUnit(ns: number, unit: number, cut: (n: number) => number): number {
  return unit <= 0 ? ns : cut(ns / unit) * unit;
}

/** `1h2m3.5s`, `1.5ms`, `0s`: the form of time.Duration. */
function durationText(ns: number): string {
  if (ns === 0) return "0s";
  const sign = ns < 0 ? "-" : "";
  const abs = Math.abs(ns);
  if (abs < 1e3) return `${sign}${abs}ns`;
  if (abs < 1e6) return `${sign}${decimal(abs / 1e3)}µs`;
  if (abs < 1e9) return `${sign}${decimal(abs / 1e6)}ms`;
  const hours = Math.floor(abs / 3.6e12);
  const minutes = Math.floor((abs - hours * 3.6e12) / 6e10);
  const seconds = decimal((abs - hours * 3.6e12 - minutes * 6e10) / 1e9);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

function decimal(n: number): string {
  return n.toFixed(9).replace(/\.?0+$/, "");
}
