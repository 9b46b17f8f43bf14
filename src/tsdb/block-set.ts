import type { BlockStore } from "./block-store";
import { readManifest, writeManifest } from "./checkpoint";
import { type MergePlan, planMerge } from "./compaction-plan";
import type { BlockMeta, Manifest } from "./manifest";
import { type MergeProgress, type MergeStep, mergeBlocks } from "./merge";
import { type MergeRecord, decodeMergeRecord, encodeMergeRecord } from "./merge-record";
import type { SeriesTable } from "./series-table";
import { type BlobStorage, FIRST_BLOCK_SPACE, SPACES, blobId } from "./storage-port";
import type { Tombstones } from "./tombstones";

interface Merging {
  readonly plan: MergePlan;
  readonly work: Generator<MergeStep, BlockMeta | undefined>;
  readonly outputId: number;
}

/** The blocks of a shard: the manifest that names them, and the merge under way. */
export class BlockSet {
  private current: Manifest;
  private merging: Merging | undefined;
  /** The merge that was under way when the object stopped. */
  private resumable: MergeRecord | undefined;
  /** Days that end before this are downsampled. */
  rawBeforeMs = -Infinity;

  constructor(
    private readonly storage: BlobStorage,
    private readonly store: BlockStore,
    private readonly tombstones: Tombstones,
    private readonly outOfOrderMs: number,
    private readonly checkpointSamples?: number,
  ) {
    this.current = readManifest(storage);
    this.resumable = this.findUnfinished();
  }

  get manifest(): Manifest {
    return this.current;
  }

  get all(): readonly BlockMeta[] {
    return this.current.blocks;
  }

  /** Writes a manifest that follows from {@link manifest}. */
  write(manifest: Manifest): void {
    writeManifest(this.storage, manifest);
    this.current = manifest;
  }

  needsMerge(now: number): boolean {
    return (this.merging ?? this.resumable ?? this.plan(now)) !== undefined;
  }

  /** One slice of the merge under way, or of the next, of about `budget` samples. Gives whether there is more to do. */
  merge(now: number, budget: number, table: SeriesTable): boolean {
    this.merging ??= this.start(now, table);
    if (this.merging === undefined) return false;
    const { work, plan } = this.merging;
    for (let done = 0; done < budget;) {
      const step = work.next();
      if (step.done === true) {
        this.merging = undefined;
        this.swap(plan.inputs, step.value);
        return this.plan(now) !== undefined;
      }
      if (step.value.progress !== undefined) this.note(this.merging, step.value.progress);
      done += Math.max(1, step.value.work);
    }
    return true;
  }

  /** Deletes blocks that hold nothing as new as `beforeMs`; gives the rows deleted. */
  retain(beforeMs: number): number {
    const old = this.all.filter((b) => b.maxMs < beforeMs);
    if (old.length === 0) return 0;
    return this.storage.transaction(() => {
      this.abandon();
      const ids = new Set(old.map((b) => b.id));
      this.write({ ...this.current, blocks: this.all.filter((b) => !ids.has(b.id)) });
      this.tombstones.forget(this.all);
      return old.reduce((rows, b) => rows + this.store.drop(b), 0);
    });
  }

  private plan(now: number): MergePlan | undefined {
    return planMerge(this.all, now, this.outOfOrderMs, this.rawBeforeMs) ?? this.planRewrite();
  }

  /** Rewrites one block without what was deleted from it. */
  private planRewrite(): MergePlan | undefined {
    const block = this.all.find((b) => this.tombstones.wantsRewrite(b));
    return block && { inputs: [block], level: block.level };
  }

  private start(now: number, table: SeriesTable): Merging | undefined {
    const record = this.resumable;
    this.resumable = undefined;
    if (record !== undefined) {
      const inputs = record.inputs.map((id) => this.all.find((b) => b.id === id) as BlockMeta);
      return this.begin({ inputs, level: record.level }, record.outputId, table, record.progress);
    }
    const plan = this.plan(now);
    if (plan === undefined) return undefined;
    const outputId = this.current.nextBlockId;
    // Not written by itself: rows from nextBlockId on are dropped on waking, and a fold in between writes both.
    this.current = { ...this.current, nextBlockId: outputId + 1, buildingId: outputId };
    return this.begin(plan, outputId, table, undefined);
  }

  private begin(
    plan: MergePlan,
    outputId: number,
    table: SeriesTable,
    from: MergeProgress | undefined,
  ): Merging {
    const { checkpointSamples } = this;
    const options = { from, ...(checkpointSamples === undefined ? {} : { checkpointSamples }) };
    return { plan, outputId, work: mergeBlocks(plan, outputId, this.store, table, options) };
  }

  /** Notes how far a merge is, with the manifest that says whose pages these are. */
  private note({ plan, outputId }: Merging, progress: MergeProgress): void {
    const inputs = plan.inputs.map((b) => b.id);
    this.storage.transaction(() => {
      this.write(this.current);
      this.storage.put(
        blobId(SPACES.merge, 0),
        encodeMergeRecord({ outputId, level: plan.level, inputs, progress }),
      );
    });
  }

  private swap(inputs: readonly BlockMeta[], output: BlockMeta | undefined): void {
    const ids = new Set(inputs.map((b) => b.id));
    this.storage.transaction(() => {
      const rest = this.all.filter((b) => !ids.has(b.id));
      this.write({
        ...this.current,
        buildingId: undefined,
        blocks: output === undefined ? rest : [...rest, output],
      });
      for (const b of inputs) this.store.drop(b);
      this.storage.deleteRange(blobId(SPACES.merge, 0), blobId(SPACES.merge, 1));
      this.tombstones.forget(this.all);
    });
  }

  private abandon(): void {
    const id = this.merging?.outputId ?? this.resumable?.outputId;
    this.merging = undefined;
    this.resumable = undefined;
    if (id === undefined) return;
    this.store.dropRows(id);
    this.storage.deleteRange(blobId(SPACES.merge, 0), blobId(SPACES.merge, 1));
    this.current = { ...this.current, buildingId: undefined };
  }

  /**
   * The merge that was under way, where it noted how far it was; rows that it wrote since are dropped, as are all rows
   * of a block that no manifest has taken in.
   */
  private findUnfinished(): MergeRecord | undefined {
    const { buildingId, nextBlockId, blocks } = this.current;
    this.storage.deleteRange(blobId(FIRST_BLOCK_SPACE + nextBlockId, 0), Number.MAX_SAFE_INTEGER);
    if (buildingId === undefined) return undefined;
    const bytes = this.storage.get(blobId(SPACES.merge, 0));
    const record = bytes === undefined ? undefined : decodeMergeRecord(bytes);
    if (
      record?.outputId === buildingId &&
      record.inputs.every((id) => blocks.some((b) => b.id === id))
    ) {
      this.store.dropAfter(buildingId, record.progress.written.marks.length);
      return record;
    }
    this.store.dropRows(buildingId);
    this.current = { ...this.current, buildingId: undefined };
    return undefined;
  }
}
