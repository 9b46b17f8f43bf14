import { MemoryStorage } from "./memory-storage";

export class CrashError extends Error {
  override readonly name = "CrashError";
}

/** A disk that stops at a write: what was written before stays, but for the transaction it was in. */
export class CrashingStorage extends MemoryStorage {
  /** Writes until the crash; undefined for none. */
  private left: number | undefined;

  crashAfter(writes: number): void {
    this.left = writes;
  }

  override put(id: number, data: Uint8Array): void {
    this.count();
    super.put(id, data);
  }

  override deleteRange(from: number, to: number): number {
    this.count();
    return super.deleteRange(from, to);
  }

  override appendLog(data: Uint8Array): void {
    this.count();
    super.appendLog(data);
  }

  override clearLog(): void {
    this.count();
    super.clearLog();
  }

  private count(): void {
    if (this.left === undefined || this.left-- > 0) return;
    this.left = undefined;
    throw new CrashError();
  }
}
