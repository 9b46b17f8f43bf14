import { type Result, err, ok } from "../core/result";
import type { DurationExpr } from "./ast";
import { quote } from "./quoting";

const UNITS: Readonly<Record<string, number>> = {
  y: 31_536_000_000,
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};
const ORDER = ["y", "w", "d", "h", "m", "s", "ms"];
/** 2⁶³ nanoseconds: the range of a Go duration. */
const MAX_MS = 9_223_372_036_854;

/** Milliseconds of a duration token (`1h30m`), with Prometheus' messages. */
export function durationMs(text: string): Result<number, string> {
  let total = 0;
  let last = -1;
  for (const [, digits, unit] of text.matchAll(/(\d+)([a-z]+)/g)) {
    const size = UNITS[unit as string];
    if (size === undefined)
      return err(`unknown unit ${quote(unit as string)} in duration ${quote(text)}`);
    const rank = ORDER.indexOf(unit as string);
    if (rank <= last) return err(`not a valid duration string: ${quote(text)}`);
    last = rank;
    total += Number(digits) * size;
  }
  if (total > MAX_MS) return err("duration out of range");
  return ok(total);
}

/** A number of seconds as a duration in milliseconds. */
export function secondsToMs(seconds: number): Result<number, string> {
  const ms = Math.round(seconds * 1000);
  if (!(Math.abs(ms) <= MAX_MS)) return err("duration out of range");
  return ok(ms);
}

export interface DurationContext {
  /** 0 in an instant query. */
  readonly stepMs: number;
  readonly rangeMs: number;
}

/**
 * The value of a duration expression in milliseconds.
 * Arithmetic is on seconds, so `5s * 2` is ten seconds.
 */
export function resolveDuration(d: DurationExpr, ctx: DurationContext): Result<number, string> {
  const seconds = secondsOf(d, ctx);
  if (!seconds.ok) return seconds;
  return secondsToMs(seconds.value);
}

function secondsOf(d: DurationExpr, ctx: DurationContext): Result<number, string> {
  switch (d.kind) {
    case "literal":
      return ok(d.ms / 1000);
    case "step":
      return ok(ctx.stepMs / 1000);
    case "range":
      return ok(ctx.rangeMs / 1000);
    case "paren":
      return secondsOf(d.of, ctx);
    case "negate": {
      const of = secondsOf(d.of, ctx);
      return of.ok ? ok(-of.value) : of;
    }
    case "pick":
    case "arith": {
      const lhs = secondsOf(d.lhs, ctx);
      if (!lhs.ok) return lhs;
      const rhs = secondsOf(d.rhs, ctx);
      if (!rhs.ok) return rhs;
      if (d.kind === "pick")
        return ok(
          d.func === "min_of" ? Math.min(lhs.value, rhs.value) : Math.max(lhs.value, rhs.value),
        );
      return arithmetic(d.op, lhs.value, rhs.value);
    }
  }
}

function arithmetic(
  op: "+" | "-" | "*" | "/" | "%" | "^",
  a: number,
  b: number,
): Result<number, string> {
  switch (op) {
    case "+":
      return ok(a + b);
    case "-":
      return ok(a - b);
    case "*":
      return ok(a * b);
    case "/":
      return b === 0 ? err("division by zero") : ok(a / b);
    case "%":
      return b === 0 ? err("modulo by zero") : ok(a % b);
    case "^":
      return ok(a ** b);
  }
}
