/** What a unit measures. Numbers of one comparison share a dimension. */
export type Dimension = "time" | "bytes" | "percent" | "rate";

export interface Unit {
  /** As written: `ms`. */
  readonly text: string;
  readonly dimension: Dimension;
  /** One of it in the dimension's base: seconds, bytes, percent, per second. */
  readonly factor: number;
}

const TIME: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** What is counted says nothing to the arithmetic: `req/s` and `/s` are one. */
const RATE = /^[A-Za-z]*\/(s|sec|m|min|h)$/;

/** Every unit that a number may have, for messages. */
export const UNITS_TEXT = "us, ms, s, min, h, d, B, KB, MB, GB, KiB, MiB, GiB, %, /s, /min, /h";

export function parseUnit(text: string): Unit | undefined {
  if (text === "%" || text === "percent") return { text: "%", dimension: "percent", factor: 1 };
  const seconds = own(TIME, text);
  if (seconds !== undefined) return { text, dimension: "time", factor: seconds };
  const bytes = own(BYTES, text);
  if (bytes !== undefined) return { text, dimension: "bytes", factor: bytes };
  const per = own(TIME, RATE.exec(text)?.[1] ?? "");
  return per === undefined ? undefined : { text, dimension: "rate", factor: 1 / per };
}

/**
 * Endings that tell a metric's unit, as Prometheus, OpenTelemetry's translation and Vedette's own way in use them.
 * The factor leads to the dimension's base.
 */
const ENDINGS: readonly (readonly [RegExp, Dimension, number])[] = [
  [/_(?:seconds|secs?|s)$/, "time", 1],
  [/_(?:milliseconds|millis|ms)$/, "time", 1e-3],
  [/_(?:microseconds|micros|us)$/, "time", 1e-6],
  [/_minutes$/, "time", 60],
  [/_bytes$/, "bytes", 1],
  [/_(?:kilobytes|kb)$/, "bytes", 1e3],
  [/_(?:megabytes|mb)$/, "bytes", 1e6],
  [/_(?:gigabytes|gb)$/, "bytes", 1e9],
  [/_mib$/, "bytes", 2 ** 20],
  [/_gib$/, "bytes", 2 ** 30],
  [/_(?:percent|pct)$/, "percent", 1],
  [/_ratio$/, "percent", 100],
];

/** The unit that a metric's name ends with. */
export function unitOfName(
  metric: string,
): { readonly dimension: Dimension; readonly factor: number } | undefined {
  const found = ENDINGS.find(([ending]) => ending.test(metric));
  return found === undefined ? undefined : { dimension: found[1], factor: found[2] };
}

/** A quotient of factors without the noise of binary fractions: 1 / 1e-3 is 1000. */
export function quotient(from: number, to: number): number {
  return Number((from / to).toPrecision(15));
}

function own(table: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
