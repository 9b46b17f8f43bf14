/**
 * Memory is per isolate and shared by all objects in it, so every cache is
 * charged to one ledger and the least recently used entries go first
 * (https://developers.cloudflare.com/durable-objects/platform/pricing/, memory).
 */
export class CacheLedger {
  private used = 0;
  private readonly held = new Map<
    string,
    { readonly bytes: number; readonly holder: WeakRef<object> }
  >();
  private readonly entries = new Map<
    string,
    { readonly bytes: number; readonly drop: () => void }
  >();

  constructor(readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  /**
   * Charges what cannot be let go (heads, series tables), so that caches make room for it. The charge ends
   * with `holder`: an object that the platform evicts says nothing.
   */
  hold(key: string, bytes: number, holder: object): void {
    this.used += bytes - (this.held.get(key)?.bytes ?? 0);
    if (bytes === 0) this.held.delete(key);
    else this.held.set(key, { bytes, holder: new WeakRef(holder) });
    for (const [other, h] of this.held) {
      if (h.holder.deref() !== undefined) continue;
      this.held.delete(other);
      this.used -= h.bytes;
    }
    this.shed("");
  }

  charge(key: string, bytes: number, drop: () => void): void {
    this.release(key);
    this.entries.set(key, { bytes, drop });
    this.used += bytes;
    this.shed(key);
  }

  touch(key: string): void {
    const e = this.entries.get(key);
    if (e === undefined) return;
    this.entries.delete(key);
    this.entries.set(key, e);
  }

  /** Lets the least recently used go until the rest fits, but for the newest. */
  private shed(newest: string): void {
    for (const [oldest, e] of this.entries) {
      if (this.used <= this.limitBytes || oldest === newest) break;
      this.entries.delete(oldest);
      this.used -= e.bytes;
      e.drop();
    }
  }

  release(key: string): void {
    const e = this.entries.get(key);
    if (e === undefined) return;
    this.entries.delete(key);
    this.used -= e.bytes;
  }
}

/** Values of one kind and one owner, charged to a ledger. */
export class Cache<T> {
  private readonly values = new Map<number, T>();

  constructor(
    private readonly ledger: CacheLedger,
    private readonly owner: string,
  ) {}

  get(id: number, load: () => { readonly value: T; readonly bytes: number }): T {
    const hit = this.values.get(id);
    if (hit !== undefined) {
      this.ledger.touch(this.key(id));
      return hit;
    }
    const { value, bytes } = load();
    this.values.set(id, value);
    this.ledger.charge(this.key(id), bytes, () => this.values.delete(id));
    return value;
  }

  /** Keeps a value that was made in passing. */
  put(id: number, value: T, bytes: number): void {
    this.values.set(id, value);
    this.ledger.charge(this.key(id), bytes, () => this.values.delete(id));
  }

  /** Charges a value anew that has grown since; nothing where it has been let go. */
  resize(id: number, bytes: number): void {
    if (this.values.has(id)) this.ledger.charge(this.key(id), bytes, () => this.values.delete(id));
  }

  delete(id: number): void {
    if (this.values.delete(id)) this.ledger.release(this.key(id));
  }

  clear(): void {
    for (const id of this.values.keys()) this.ledger.release(this.key(id));
    this.values.clear();
  }

  private key(id: number): string {
    return `${this.owner}:${id}`;
  }
}
