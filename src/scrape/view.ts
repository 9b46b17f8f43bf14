import type { ScrapeJob } from "./model";
import type { ProbeModules } from "./probe-config";

/** What a `Scraper` is told, as JSON. */
export interface ScraperSpec {
  /** Rises with each configuration; a lower one is ignored. */
  readonly version: number;
  readonly job: ScrapeJob;
  readonly modules: ProbeModules;
}

/** What a `Scraper` tells of itself, as JSON. */
export interface ScraperView {
  readonly job: string;
  readonly active: readonly TargetView[];
  readonly broken: readonly {
    readonly discovered: Readonly<Record<string, string>>;
    readonly error: string;
  }[];
  readonly dropped: readonly Readonly<Record<string, string>>[];
}

export interface TargetView {
  readonly labels: Readonly<Record<string, string>>;
  readonly discovered: Readonly<Record<string, string>>;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  /** ms; 0 before the first. */
  readonly lastScrapeMs: number;
  readonly lastDurationMs: number;
}
