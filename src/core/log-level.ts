import type { LogLevel } from "./logs";

const BY_NAME: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>(
  Object.entries({
    trace: "debug",
    verbose: "debug",
    silly: "debug",
    finest: "debug",
    finer: "debug",
    fine: "debug",
    debug: "debug",
    dbg: "debug",
    info: "info",
    information: "info",
    informational: "info",
    log: "info",
    notice: "info",
    http: "info",
    default: "info",
    warn: "warn",
    warning: "warn",
    wrn: "warn",
    error: "error",
    err: "error",
    severe: "error",
    exception: "error",
    fatal: "fatal",
    critical: "fatal",
    crit: "fatal",
    alert: "fatal",
    emergency: "fatal",
    emerg: "fatal",
    panic: "fatal",
  } as const),
);

/** The five levels that are kept, and the sender's own word where it says something else. */
export interface Level {
  readonly level: LogLevel;
  readonly levelText: string;
}

/** From a name as loggers write it; "" and unknown ones count as info. */
export function levelFromText(text: string): Level {
  const bare = text.slice(0, MAX_TEXT).trim().toLowerCase().replace(/\d+$/, "");
  const level = BY_NAME.get(bare) ?? "info";
  return { level, levelText: text === level ? "" : text.slice(0, MAX_TEXT) };
}

/** From OTLP's SeverityNumber (1 to 24, four to a level; 0 is unspecified), with its text where given. */
export function levelFromSeverity(number: number, text: string): Level {
  if (number < 1 || number > 24) return levelFromText(text);
  const level: LogLevel =
    number <= 8
      ? "debug"
      : number <= 12
        ? "info"
        : number <= 16
          ? "warn"
          : number <= 20
            ? "error"
            : "fatal";
  return { level, levelText: text === level ? "" : text.slice(0, MAX_TEXT) };
}

/** From pino's and bunyan's numbers: 10 trace to 60 fatal. */
export function levelFromNumber(n: number): Level {
  const level: LogLevel =
    n < 30 ? "debug" : n < 40 ? "info" : n < 50 ? "warn" : n < 60 ? "error" : "fatal";
  return { level, levelText: String(n) };
}

const MAX_TEXT = 32;
