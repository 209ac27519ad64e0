import { writeSync } from "node:fs";
import { BlockFile } from "./block-file.ts";
import { blockSize, blocksOf } from "./format.ts";
import { encodeMetadata } from "./metadata.ts";
import type { ErofsDirectory, Extent } from "./node.ts";
import { encodeSuperblock } from "./superblock.ts";

/** Content up to this size stands beside its inode: half a block, so that packing inodes into blocks wastes little. */
const inlineLimit = 2048;

/**
 * Writes an EROFS image into an open, empty file: the superblock's place, then contents in the order of `store`, then the metadata. One pass,
 * whatever the size. Nothing is compressed: pages are mapped from the file as they are.
 */
export class ErofsWriter {
  readonly #file: number;
  readonly #blocks: BlockFile;

  constructor(file: number) {
    this.#file = file;
    this.#blocks = new BlockFile(file);
    this.#blocks.append(Buffer.alloc(blockSize));
  }

  /** Keeps `size` bytes of content. */
  store(size: number, content: Iterable<Buffer>): Extent {
    if (size <= inlineLimit) return { kind: "inline", bytes: Buffer.concat([...content]) };
    const firstBlock = this.#blocks.nextBlock;
    for (const piece of content) this.#blocks.append(piece);
    this.#blocks.pad();
    return { kind: "blocks", firstBlock, size };
  }

  /** Ends the image; the file is whole after it, but not synced. Returns its size in bytes. */
  finish(root: ErofsDirectory): number {
    const metadata = encodeMetadata(root, (data) => this.#storeBlocks(data));
    const metadataBlock = this.#blocks.nextBlock;
    this.#blocks.append(metadata.bytes);
    this.#blocks.flush();
    const blocks = metadataBlock + blocksOf(metadata.bytes.length);
    const superblock = encodeSuperblock({ ...metadata, blocks, metadataBlock });
    writeSync(this.#file, superblock, 0, superblock.length, 0);
    return blocks * blockSize;
  }

  #storeBlocks(data: Buffer): number {
    const firstBlock = this.#blocks.nextBlock;
    this.#blocks.append(data);
    this.#blocks.pad();
    return firstBlock;
  }
}
