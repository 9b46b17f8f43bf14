import { expect, it } from "vitest";
import {
  type BlobStorage,
  MAX_BLOB_BYTES,
  blobId,
  getSpace,
  putSpace,
} from "../../src/tsdb/storage-port";

/** What every disk under the metric store must do. */
export function storageContract(
  withStorage: (test: (storage: BlobStorage) => void) => Promise<void> | void,
): void {
  const bytes = (...b: number[]): Uint8Array => Uint8Array.from(b);

  it("keeps, replaces and deletes blobs, and lists a range in order", async () => {
    await withStorage((s) => {
      s.put(blobId(2000, 5), bytes(5));
      s.put(blobId(2000, 1), bytes(1));
      s.put(blobId(2001, 0), bytes(9));
      s.put(blobId(2000, 5), bytes(5, 5));
      expect(s.get(blobId(2000, 5))).toEqual(bytes(5, 5));
      expect(s.get(blobId(2000, 2))).toBeUndefined();
      expect(s.range(blobId(2000, 0), blobId(2001, 0))).toEqual([
        { id: blobId(2000, 1), data: bytes(1) },
        { id: blobId(2000, 5), data: bytes(5, 5) },
      ]);
      expect(s.deleteRange(blobId(2000, 0), blobId(2001, 0))).toBe(2);
      expect(s.range(blobId(2000, 0), blobId(2002, 0))).toHaveLength(1);
    });
  });

  it("gives the log back in order, and empties it", async () => {
    await withStorage((s) => {
      for (let i = 0; i < 20; i++) s.appendLog(bytes(i));
      expect(s.readLog()).toEqual(Array.from({ length: 20 }, (_, i) => bytes(i)));
      s.clearLog();
      expect(s.readLog()).toEqual([]);
      s.appendLog(bytes(7));
      expect(s.readLog()).toEqual([bytes(7)]);
    });
  });

  it("takes back everything of a transaction that throws, the emptied log too", async () => {
    await withStorage((s) => {
      s.put(blobId(3000, 0), bytes(1));
      s.appendLog(bytes(1));
      expect(() =>
        s.transaction(() => {
          s.put(blobId(3000, 0), bytes(2));
          s.put(blobId(3000, 1), bytes(2));
          s.clearLog();
          throw new Error("disk");
        }),
      ).toThrow("disk");
      expect(s.range(blobId(3000, 0), blobId(3001, 0))).toEqual([
        { id: blobId(3000, 0), data: bytes(1) },
      ]);
      expect(s.readLog()).toEqual([bytes(1)]);
    });
  });

  it("holds blobs up to the row limit, and spaces beyond it", async () => {
    await withStorage((s) => {
      const big = new Uint8Array(MAX_BLOB_BYTES * 2 + 10).map((_, i) => i % 251);
      putSpace(s, 4000, big);
      expect(getSpace(s, 4000)).toEqual(big);
      putSpace(s, 4000, bytes(1));
      expect(getSpace(s, 4000)).toEqual(bytes(1));
      expect(getSpace(s, 4001)).toBeUndefined();
    });
  });

  it("counts rows written, overwritten and deleted", async () => {
    await withStorage((s) => {
      const before = s.rowsWritten();
      s.put(blobId(5000, 0), bytes(1));
      s.put(blobId(5000, 0), bytes(2));
      s.appendLog(bytes(3));
      s.deleteRange(blobId(5000, 0), blobId(5001, 0));
      expect(s.rowsWritten() - before).toBe(4);
      expect(s.databaseBytes()).toBeGreaterThan(0);
    });
  });
}
