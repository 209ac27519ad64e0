import { rm } from "node:fs/promises";
import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { readCheckpoint, signCheckpoint } from "./checkpoint.ts";
import type { Cosign } from "./cosign.ts";
import type { Checkpoint, LogKey } from "./log.ts";
import { planBatch, type BatchPlan, type Edge } from "./plan-batch.ts";
import { proveConsistency } from "./prove.ts";
import { checkpointFile, pendingFile } from "./recover.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { makeTileCache, treeReader } from "./tree-reader.ts";
import type { VerifierKey } from "./verifier-key.ts";
import { uncertainWrite } from "./write-failed.ts";
import { all, removeSynced, renameSynced, syncFolder, writeSynced, writeTiles } from "./write-tiles.ts";

/** A tree and the checkpoint that says it. */
export type Grown = { readonly edge: Edge; readonly checkpoint: Checkpoint };

export type PublisherOptions = {
  readonly folder: string;
  readonly key: LogKey;
  readonly verifier: VerifierKey;
  readonly cosign: Cosign | undefined;
  /** Is told in the same instant in which `published` changes: nobody ever finds the log grown and what follows from it as it was. */
  readonly grown?: ((checkpoint: Checkpoint) => void) | undefined;
};

/**
 * Makes batches durable, one after the other. The order is the whole point: tiles, then the checkpoint beside its place, both on the disk, then its name. A crash anywhere
 * before leaves the former checkpoint with tiles beyond it, which mean nothing.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #known: Set<string>;
  #published: Grown;
  /** Signed, offered to witnesses in vain, perhaps recorded by one of them: the log can go on with nothing else (see `Cosign`). */
  #doubt: Grown | undefined;
  /**
   * A batch failed, or a crash cut one off, and some of its tiles may be there. They go when the log grows, and not when it is opened: where an older checkpoint was put in place of the newest one
   * they are what was acknowledged, and whoever compares the log with its state or its witnesses finds out before the first append.
   */
  #hasLeftovers = true;
  /** Why nothing can be written any more until the log is opened again. */
  #broken: IngotError | undefined;

  constructor(options: PublisherOptions, published: Grown, doubt: Grown | undefined) {
    this.#options = options;
    this.#known = new Set([options.folder]);
    this.#published = published;
    this.#doubt = doubt;
  }

  get published(): Grown {
    return this.#published;
  }

  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /** Appends the entries; all or none. Returns the folders that are no longer needed. */
  async append(entries: readonly Uint8Array[]): Promise<readonly string[]> {
    if (this.#broken !== undefined) throw this.#broken;
    await this.#removeLeftovers();
    const plan = planBatch(this.#published.edge, entries);
    try {
      await this.#publishBatch(plan);
    } catch (error) {
      this.#hasLeftovers = this.#doubt === undefined;
      throw error;
    }
    return plan.superseded;
  }

  async #publishBatch({ edge, files }: BatchPlan): Promise<void> {
    const { folder, key, cosign } = this.#options;
    const checkpoint = signCheckpoint(key, { size: edge.tree.size, root: edge.tree.root() });
    const grown = { edge, checkpoint };
    const tiles = writeTiles(folder, files, this.#known);
    if (cosign === undefined) {
      // Both at once, so that the file system commits them together; the name comes after.
      await all([tiles, this.#writeNew(checkpoint.note)]);
      return this.#publish(grown);
    }
    await tiles;
    await writeSynced(join(folder, newPendingFile), checkpoint.note);
    await renameSynced(join(folder, newPendingFile), join(folder, pendingFile));
    await this.#publishCosigned(grown, { isFirst: true });
  }

  async #removeLeftovers(): Promise<void> {
    if (!this.#hasLeftovers) return;
    await removeLeftovers(this.#options.folder, this.#published.checkpoint.size);
    this.#hasLeftovers = false;
  }

  /** Publishes what an earlier append or a crash left in doubt. */
  async settleDoubt(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#doubt !== undefined) await this.#publishCosigned(this.#doubt, { isFirst: false });
  }

  async #publishCosigned(grown: Grown, { isFirst }: { isFirst: boolean }): Promise<void> {
    try {
      const checkpoint = await this.#cosign(grown);
      await this.#writeNew(checkpoint.note);
      await this.#publish({ edge: grown.edge, checkpoint });
    } catch (error) {
      const isUnseen = error instanceof IngotError && error.code === "witness-unreachable";
      if (!(isFirst && isUnseen && (await this.#forget()))) this.#doubt = grown;
      throw error;
    }
    // Where it stays, the next start sees that it was published.
    await this.#forget();
  }

  /** The checkpoint with the signatures of witnesses. */
  async #cosign({ edge, checkpoint }: Grown): Promise<Checkpoint> {
    const { folder, verifier, cosign } = this.#options;
    // The requirement may have been taken away since the crash.
    if (cosign === undefined) return checkpoint;
    const tree = treeReader(folder, edge.tree.size, makeTileCache());
    const from = this.#published.checkpoint.size;
    const proveFrom = (size: number) => proveConsistency(tree, size);
    const note = await cosign(checkpoint.note, { from, hashes: proveFrom(from), proveFrom });
    if (textOf(note) !== textOf(checkpoint.note))
      throw new IngotError("internal-error", "the cosigned checkpoint is another one than was signed");
    return readCheckpoint(note, verifier, "the cosigned checkpoint");
  }

  /** False where the disk does not let go of the file. */
  async #forget(): Promise<boolean> {
    try {
      await removeSynced(join(this.#options.folder, pendingFile));
      return true;
    } catch {
      return false;
    }
  }

  async #writeNew(note: string): Promise<void> {
    await writeSynced(join(this.#options.folder, newFile), note);
  }

  async #publish(grown: Grown): Promise<void> {
    const { folder } = this.#options;
    try {
      await renameSynced(join(folder, newFile), join(folder, checkpointFile));
    } catch (cause) {
      this.#broken = uncertainWrite(folder, cause);
      throw this.#broken;
    }
    this.#published = grown;
    this.#doubt = undefined;
    try {
      this.#options.grown?.(grown.checkpoint);
    } catch (cause) {
      this.#broken = uncertainWrite(folder, cause);
      throw this.#broken;
    }
  }

  /** Removes partial tiles that full ones have replaced. A crash leaves them for the next start: they are true, and no longer needed. */
  async removeSuperseded(folders: readonly string[]): Promise<void> {
    for (const path of folders) {
      const whole = join(this.#options.folder, path);
      this.#known.delete(whole);
      await rm(whole, { recursive: true, force: true });
    }
  }

  /** Publishes the checkpoint of a log without entries. */
  static async begin({ folder, key }: Pick<PublisherOptions, "folder" | "key">, head: Edge): Promise<Checkpoint> {
    const checkpoint = signCheckpoint(key, { size: 0, root: head.tree.root() });
    await writeSynced(join(folder, newFile), checkpoint.note);
    await renameSynced(join(folder, newFile), join(folder, checkpointFile));
    await syncFolder(join(folder, ".."));
    return checkpoint;
  }
}

const newFile = `${checkpointFile}.new`;
const newPendingFile = `${pendingFile}.new`;

/** Without the signatures. */
function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf("\n\n") + 1);
}
