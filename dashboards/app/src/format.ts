const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const NONE = "–";

/** 1,234.5 up to 100,000; beyond that 123.4K. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  if (Math.abs(value) >= 100_000) return compact.format(value);
  if (value !== 0 && Math.abs(value) < 0.01) return value.toPrecision(2);
  return number.format(value);
}

/** A share as percent. */
export function formatShare(value: number | null): string {
  return value === null ? NONE : `${number.format(value * 100)} %`;
}

export function formatSeconds(value: number | null): string {
  if (value === null || Number.isNaN(value)) return NONE;
  if (value < 0.001) return `${number.format(value * 1e6)} µs`;
  if (value < 1) return `${number.format(value * 1000)} ms`;
  if (value < 120) return `${number.format(value)} s`;
  return formatSpan(value * 1000);
}

/** The two largest units of a span: 1h 4m. */
export function formatSpan(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(s / 86_400), "d"],
    [Math.floor(s / 3_600) % 24, "h"],
    [Math.floor(s / 60) % 60, "m"],
    [s % 60, "s"],
  ];
  const from = parts.findIndex(([n]) => n > 0);
  if (from < 0) return "0s";
  return parts
    .slice(from, from + 2)
    .filter(([n], i) => i === 0 || n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join(" ");
}

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const full = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export function formatClock(ms: number): string {
  return Number.isFinite(ms) ? clock.format(ms) : NONE;
}

export function formatTime(ms: number): string {
  return Number.isFinite(ms) ? full.format(ms) : NONE;
}

/** Bytes in binary units. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const i = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${number.format(bytes / 1024 ** i)} ${units[i]}`;
}

/** `1 line`, `2 lines`. */
export function counted(n: number, noun: string): string {
  return `${formatNumber(n)} ${noun}${n === 1 ? "" : "s"}`;
}
