import type { BlockStore } from "./block-store";
import { readManifest, writeManifest } from "./checkpoint";
import { type MergePlan, planMerge } from "./compaction-plan";
import type { BlockMeta, Manifest } from "./manifest";
import { mergeBlocks } from "./merge";
import type { SeriesTable } from "./series-table";
import { type BlobStorage, FIRST_BLOCK_SPACE, blobId } from "./storage-port";
import type { Tombstones } from "./tombstones";

interface Merging {
  readonly plan: MergePlan;
  readonly work: Generator<number, BlockMeta | undefined>;
  readonly outputId: number;
}

/** The blocks of a shard: the manifest that names them, and the merge under way. */
export class BlockSet {
  private current: Manifest;
  private merging: Merging | undefined;
  /** Days that end before this are downsampled. */
  rawBeforeMs = -Infinity;

  constructor(
    private readonly storage: BlobStorage,
    private readonly store: BlockStore,
    private readonly tombstones: Tombstones,
    private readonly outOfOrderMs: number,
  ) {
    this.current = readManifest(storage);
    this.dropUnfinished();
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
    return this.merging !== undefined || this.plan(now) !== undefined;
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
      done += Math.max(1, step.value);
    }
    return true;
  }

  /** Deletes blocks that hold nothing as new as `beforeMs`; gives the rows deleted. */
  retain(beforeMs: number): number {
    const old = this.all.filter((b) => b.maxMs < beforeMs);
    if (old.length === 0) return 0;
    this.abandon();
    return this.storage.transaction(() => {
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
    const plan = this.plan(now);
    if (plan === undefined) return undefined;
    const outputId = this.current.nextBlockId;
    // Not written by itself: rows from nextBlockId on are dropped on waking, and a fold in between writes both.
    this.current = { ...this.current, nextBlockId: outputId + 1, buildingId: outputId };
    return { plan, outputId, work: mergeBlocks(plan, outputId, this.store, table) };
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
      this.tombstones.forget(this.all);
    });
  }

  private abandon(): void {
    if (this.merging === undefined) return;
    this.store.dropRows(this.merging.outputId);
    this.merging = undefined;
    this.current = { ...this.current, buildingId: undefined };
  }

  /** Rows of a block that a merge was writing when the object stopped: it was never taken into the manifest. */
  private dropUnfinished(): void {
    const { buildingId, nextBlockId } = this.current;
    if (buildingId !== undefined) {
      this.store.dropRows(buildingId);
      this.current = { ...this.current, buildingId: undefined };
    }
    this.storage.deleteRange(blobId(FIRST_BLOCK_SPACE + nextBlockId, 0), Number.MAX_SAFE_INTEGER);
  }
}
