import type { Span } from "./ast";

/** Warnings and infos of one query, each once, in the order they came up. */
export class Annotations {
  private readonly warned = new Set<string>();
  private readonly informed = new Set<string>();

  warn(message: string, at: Span): void {
    this.warned.add(`PromQL warning: ${message} (${at.line}:${at.column})`);
  }

  info(message: string, at: Span): void {
    this.informed.add(`PromQL info: ${message} (${at.line}:${at.column})`);
  }

  get warnings(): readonly string[] {
    return [...this.warned];
  }

  get infos(): readonly string[] {
    return [...this.informed];
  }
}
