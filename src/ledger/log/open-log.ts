import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { holdFileLock, type HeldLock } from "../../ground/file-lock.ts";
import { makeFolders } from "../../ground/make-folders.ts";
import type { Cosign } from "./cosign.ts";
import { damaged } from "./damage.ts";
import { maxEntrySize } from "./entry-bundle.ts";
import { GroupCommit, type LogObserver } from "./group-commit.ts";
import { GrowingTree } from "./growing-tree.ts";
import type { Log, LogKey } from "./log.ts";
import { verifierKey } from "./log-key.ts";
import { entryReader } from "./entry-reader.ts";
import { proveConsistency, proveInclusion } from "./prove.ts";
import { Publisher, type Grown } from "./publisher.ts";
import { findCheckpoint, pendingFile, restoreEdge } from "./recover.ts";
import { makeTileCache, treeReader, type TreeReader } from "./tree-reader.ts";
import { parseVerifierKey, type VerifierKey } from "./verifier-key.ts";
import { writeFailed } from "./write-failed.ts";
import { removeSynced } from "./write-tiles.ts";

export type OpenLogOptions = {
  /** Holds the log's files and nothing else; its lock lies beside it, `FOLDER.lock`. Made when it is missing. */
  readonly folder: string;
  readonly key: LogKey;
  /** Every checkpoint must be cosigned before it is published. */
  readonly cosign?: Cosign | undefined;
  readonly observer?: LogObserver;
};

/** `isInDoubt`: a checkpoint was offered to witnesses and is not published: the next append, also one of nothing, settles it first. */
export type OpenLog = Log & { readonly isInDoubt: () => boolean };

/**
 * Opens a log, or begins one. Throws `locked-by-another`, `log-damaged`, `log-key-wrong`, `log-note-malformed`, `log-write-failed`.
 */
export async function openLog(options: OpenLogOptions): Promise<OpenLog> {
  const folder = resolve(options.folder);
  let lock: HeldLock;
  try {
    makeFolders(folder);
    lock = await holdFileLock(`${folder}.lock`, { what: `the log in ${folder}` });
  } catch (error) {
    throw writeFailed(folder, error);
  }
  try {
    return await open({ ...options, folder }, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function open({ folder, key, cosign, observer }: OpenLogOptions, lock: HeldLock): Promise<OpenLog> {
  const vkey = verifierKey(key);
  const verifier = parseVerifierKey(vkey, key.name);
  const { published, doubt } = await recover({ folder, key, verifier });
  const publisher = new Publisher({ folder, key, verifier, cosign, grown: observer?.grown }, published, doubt);
  const cache = makeTileCache();
  const commits = new GroupCommit(publisher, folder, observer);
  const entries = entryReader(folder, () => publisher.published.checkpoint.size);
  const checkpoint = () => publisher.published.checkpoint;
  let tree: TreeReader | undefined;
  const treeNow = (): TreeReader => {
    if (tree?.size !== checkpoint().size) tree = treeReader(folder, checkpoint().size, cache);
    return tree;
  };
  let isClosed = false;
  return {
    folder,
    origin: key.name,
    verifierKey: vkey,
    checkpoint,
    isInDoubt: () => publisher.isInDoubt,
    append: async (batch) => {
      if (isClosed) throw new IngotError("internal-error", `the log in ${folder} is closed`);
      for (const entry of batch) assertSize(entry);
      return commits.append(batch);
    },
    readEntry: entries.read,
    readEntries: entries.readFrom,
    proveInclusion: (index) => {
      entries.assertKnown(index);
      return { index, checkpoint: checkpoint(), hashes: proveInclusion(treeNow(), index) };
    },
    proveConsistency: (from) => {
      if (from !== checkpoint().size) entries.assertKnown(from);
      return proveConsistency(treeNow(), from);
    },
    close: async () => {
      isClosed = true;
      await commits.drain();
      lock.release();
    },
  };
}

/** What is published, and what was about to be when the last process ended. */
async function recover(log: {
  readonly folder: string;
  readonly key: LogKey;
  readonly verifier: VerifierKey;
}): Promise<{ readonly published: Grown; readonly doubt: Grown | undefined }> {
  const { folder, verifier } = log;
  const checkpoint = findCheckpoint(folder, verifier);
  if (checkpoint === undefined) return { published: await begin(log), doubt: undefined };
  const published = { checkpoint, edge: restoreEdge(folder, checkpoint) };
  const pending = findCheckpoint(folder, verifier, pendingFile);
  if (pending === undefined) return { published, doubt: undefined };
  if (pending.size > checkpoint.size)
    return { published, doubt: { checkpoint: pending, edge: restoreEdge(folder, pending) } };
  // It was published, and the crash came before it was cleared away.
  await removeSynced(join(folder, pendingFile));
  return { published, doubt: undefined };
}

async function begin(log: { readonly folder: string; readonly key: LogKey }): Promise<Grown> {
  const { folder } = log;
  // A log has its first checkpoint before its first tile: without one, somebody took it away.
  if (existsSync(join(folder, "tile"))) throw damaged(join(folder, "checkpoint"), "is missing beside the tiles");
  const edge = { tree: new GrowingTree(), bundle: [] };
  try {
    return { edge, checkpoint: await Publisher.begin(log, edge) };
  } catch (error) {
    throw writeFailed(folder, error);
  }
}

function assertSize(entry: Uint8Array): void {
  if (entry.length <= maxEntrySize) return;
  throw new IngotError("log-entry-too-large", `an entry has ${entry.length} bytes, and at most ${maxEntrySize} fit`, {
    hint: "keep what is large in the content-addressed store, and its digest in the entry",
  });
}
