import type { KeyObject } from "node:crypto";

/**
 * The identity of a log, and what signs its checkpoints: a signed-note key of C2SP, Ed25519. `name` is its origin: the first line of each checkpoint, such as
 * `ingot.example/events`.
 */
export type LogKey = { readonly name: string; readonly secret: KeyObject };

/** A log's tree at one size. `note` is the signed note as it is on disk, with the cosignatures of witnesses. */
export type Checkpoint = {
  readonly origin: string;
  readonly size: number;
  /** RFC 6962 tree head, 32 bytes. */
  readonly root: Buffer;
  readonly note: string;
};

/** That the entry at `index` is in the tree of `checkpoint`: hashes from the leaf up (RFC 6962, section 2.1.1). */
export type InclusionProof = {
  readonly index: number;
  readonly checkpoint: Checkpoint;
  readonly hashes: readonly Buffer[];
};

/** Where a batch of entries came to be. */
export type Appended = { readonly first: number; readonly checkpoint: Checkpoint };

/**
 * An append-only log on disk, by C2SP tlog-tiles. One process has it open at a time. Entries have at most 65,535 bytes, the most that an entry bundle can
 * say.
 */
export type Log = {
  readonly folder: string;
  readonly origin: string;
  /** The vkey of C2SP signed-note, by which anybody checks it: `NAME+HASH+KEY`. */
  readonly verifierKey: string;
  /** The newest durable one. */
  readonly checkpoint: () => Checkpoint;
  /**
   * Appends entries next to each other. Resolves when the checkpoint that covers them is durable, and cosigned by as many witnesses as are required. Calls at the same
   * time share one checkpoint. Rejects with `log-write-failed`, `witness-unreachable`, `log-entry-too-large`; then none of them is in the log. Only
   * where a witness may have recorded their checkpoint (`witness-in-doubt`, see `Cosign`) they are appended yet, before anything else is: the log can sign no other continuation.
   */
  readonly append: (entries: readonly Uint8Array[]) => Promise<Appended>;
  /** Throws `log-damaged`. */
  readonly readEntry: (index: number) => Buffer;
  /** From `from` on, in order, up to the durable size; whole bundles are read at a time. */
  readonly readEntries: (from: number, to?: number) => Iterable<Buffer>;
  /** Below the newest checkpoint. */
  readonly proveInclusion: (index: number) => InclusionProof;
  /** From the tree of `from` entries to that of the newest checkpoint (RFC 6962, section 2.1.2). */
  readonly proveConsistency: (from: number) => readonly Buffer[];
  readonly close: () => Promise<void>;
};
