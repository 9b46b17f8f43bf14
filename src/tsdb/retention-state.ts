import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { type BlobStorage, SPACES, blobId } from "./storage-port";

/** What a shard was told last about how long it keeps what. Times in ms; −Infinity for no bound. */
export interface RetentionState {
  /** Older samples are gone for readers, and for the disk once their whole block is. */
  readonly horizonMs: number;
  /** Blocks that end before this are kept downsampled alone. */
  readonly rawBeforeMs: number;
}

export const KEEP_ALL: RetentionState = { horizonMs: -Infinity, rawBeforeMs: -Infinity };

const VERSION = 1;

export function readRetention(storage: BlobStorage): RetentionState {
  const bytes = storage.get(blobId(SPACES.retention, 0));
  if (bytes === undefined) return KEEP_ALL;
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`retention version ${version} is not known`);
  return { horizonMs: r.f64(), rawBeforeMs: r.f64() };
}

export function writeRetention(storage: BlobStorage, state: RetentionState): void {
  const w = new ByteWriter(17);
  w.u8(VERSION);
  w.f64(state.horizonMs);
  w.f64(state.rawBeforeMs);
  storage.put(blobId(SPACES.retention, 0), w.finish());
}
