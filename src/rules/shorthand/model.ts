import type { StringMap } from "../../core/alerts";
import type { Compiled } from "./compile-condition";

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
