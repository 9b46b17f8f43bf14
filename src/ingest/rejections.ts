/** Samples that a decoder or a shard did not take, by reason, with one example each. */
export interface Rejection {
  readonly reason: string;
  readonly count: number;
  readonly example: string;
}

/** Counts rejections by reason and keeps the first example of each. */
export class RejectionCount {
  private readonly byReason = new Map<string, { reason: string; count: number; example: string }>();

  add(reason: string, count: number, example: () => string): void {
    const known = this.byReason.get(reason);
    if (known !== undefined) known.count += count;
    else this.byReason.set(reason, { reason, count, example: example().slice(0, EXAMPLE_LIMIT) });
  }

  get list(): readonly Rejection[] {
    return [...this.byReason.values()];
  }
}

/** Characters of an example: it comes from outside and ends in error bodies. */
export const EXAMPLE_LIMIT = 300;
