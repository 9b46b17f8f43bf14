import type { StringMap } from "../../core/alerts";
import type { Compiled } from "./compile-condition";
import type { Naming } from "./naming";

/** One rule of a shorthand file, compiled. */
export interface ShorthandRule {
  /** The alert's name. */
  readonly name: string;
  /** As the file says it, for people: `api.response_time.p95 > 500ms`. */
  readonly condition: string;
  readonly line: number;
  readonly column: number;
  readonly expr: string;
  /** What the expression reads. */
  readonly metrics: Compiled["metrics"];
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly cooldownMs: number;
  readonly labels: StringMap;
  readonly annotations: StringMap;
}

/** A shorthand file, compiled: one group of Prometheus rules. */
export interface ShorthandFile {
  readonly group: string;
  readonly interval: number | undefined;
  readonly labels: StringMap;
  readonly rules: readonly ShorthandRule[];
  /** `line:column: …` */
  readonly notes: readonly string[];
}

/** What a rule looks at, compiled. */
export interface Watched {
  /** For people: `api.response_time.p95 > 500ms`. */
  readonly condition: string;
  readonly expr: string;
  /** Metrics that it reads. */
  readonly metrics: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** A template of the alert's value with its unit. */
  readonly value: string;
}

export interface WatchContext {
  readonly source: string;
  readonly naming: Naming;
  readonly windowMs: number;
  /** The alert's name, and what else its metric may be mapped under. */
  readonly name: string;
  readonly id: string | undefined;
}
