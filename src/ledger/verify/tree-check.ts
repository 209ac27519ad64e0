import { GrowingTree } from "../log/growing-tree.ts";
import { emptyRoot, hashNode, hashSize } from "../log/merkle.ts";
import { spanOf, tilePath, tileWidth, widthIn, type TileLevel, type TileName } from "../log/tile-path.ts";
import type { TreeHead } from "../log/verify-proof.ts";
import {
  compareEntries,
  compareTile,
  firstDifference,
  readEntries,
  readTileHashes,
  type ReadBundle,
} from "./compare-files.ts";
import type { LogFinding } from "./finding.ts";
import { readLogFile, tileKey } from "./log-files.ts";

export type TreeCheckOptions = {
  readonly folder: string;
  readonly head: TreeHead;
  /** Widths of former partial tiles, by `LEVEL/INDEX`. */
  readonly former: ReadonlyMap<string, readonly number[]>;
  /** What is wrong with an entry that is the one of the tree; undefined when nothing. Called in order. */
  readonly checkEntry: (entry: Buffer, index: number) => string | undefined;
};

/**
 * Builds the tree anew from the entries and holds every stored file to it. Where an entry and its stored hash differ, the tile above says which of them was altered, and at the right
 * edge the signed root does: so a finding names the file and the entry that were changed, and not all that follows from them.
 */
export class TreeCheck {
  readonly findings: LogFinding[] = [];
  files = 0;
  entries = 0;
  readonly #options: TreeCheckOptions;
  readonly #tree = new GrowingTree();

  constructor(options: TreeCheckOptions) {
    this.#options = options;
  }

  run(): void {
    const { size, root } = this.#options.head;
    for (let index = 0; index * tileWidth < size; index++) if (!this.#checkEntries(index)) return;
    for (let level = 1; level < this.#tree.levels; level++) {
      const edge = this.#tree.edge(level);
      if (edge.length > 0) this.#checkTile(level, Math.floor(size / spanOf(level + 1)), edge);
    }
    if (this.#tree.root().equals(root)) return;
    this.findings.push({ file: "checkpoint", problem: `says another root than its ${size} entries give` });
  }

  /** One bundle with its tile; false where what follows cannot be judged. */
  #checkEntries(index: number): boolean {
    const width = widthIn(this.#options.head.size, "entries", index);
    const bytes = this.#readAs({ level: "entries", index, width });
    const bundle = bytes === undefined ? undefined : readEntries(bytes.bytes, width);
    const hashes = this.#choose(index, width, bundle);
    if (hashes === undefined) return this.#skip(index, width, bundle);
    if (bytes !== undefined && bundle !== undefined) this.#checkBundle(index, bytes, { bundle, hashes });
    this.#checkTile(0, index, hashes);
    for (const hash of hashes)
      for (const full of this.#tree.append(hash))
        if (full.level > 0) this.#checkTile(full.level, full.index, full.hashes);
    return true;
  }

  /** The hashes that are the log's: those of the entries, or those of the tile where the entries were altered. */
  #choose(index: number, width: number, bundle: ReadBundle | undefined): readonly Buffer[] | undefined {
    const file = this.#find({ level: 0, index, width });
    const stored = file === undefined ? [] : readTileHashes(file.bytes, width);
    const tile = stored.length === width ? stored : undefined;
    const leaves = bundle?.leaves.length === width ? bundle.leaves : undefined;
    if (leaves === undefined || tile === undefined) return leaves ?? tile;
    if (firstDifference(leaves, tile) === undefined) return leaves;
    return this.#isSigned(index, leaves) ? leaves : tile;
  }

  #isSigned(index: number, hashes: readonly Buffer[]): boolean {
    if (hashes.length === tileWidth) return this.#hashAbove(index)?.equals(subtreeRoot(hashes)) === true;
    const tree = this.#tree.copy();
    for (const hash of hashes) tree.append(hash);
    return Buffer.compare(tree.root(), this.#options.head.root) === 0;
  }

  #checkBundle(index: number, file: FoundFile, { bundle, hashes }: Chosen): void {
    const first = index * tileWidth;
    this.#note(compareEntries(file.path, file.isWider ? { ...bundle, rest: 0 } : bundle, { hashes, first }));
    for (const [at, entry] of bundle.entries.entries()) {
      if (bundle.leaves[at]?.equals(hashes[at] ?? entry) !== true) continue;
      this.entries += 1;
      const problem = this.#options.checkEntry(entry, first + at);
      if (problem !== undefined) this.#note({ file: file.path, entry: first + at, problem });
    }
    for (const width of this.#formerWidths("entries", index)) {
      const former = this.#readAs({ level: "entries", index, width });
      // Beside a living log it may just have been removed, since the full one is there.
      if (former !== undefined && !former.isWider)
        this.#note(
          compareEntries(former.path, readEntries(former.bytes, width), { hashes: hashes.slice(0, width), first }),
        );
    }
  }

  #checkTile(level: number, index: number, hashes: readonly Buffer[]): void {
    for (const width of [hashes.length, ...this.#formerWidths(level, index)]) {
      const file = this.#readAs({ level, index, width });
      if (file === undefined) continue;
      const bytes = file.isWider ? file.bytes.subarray(0, width * hashSize) : file.bytes;
      this.#note(compareTile(file.path, bytes, { hashes: hashes.slice(0, width), level, index }));
    }
  }

  /** Neither all entries nor all hashes of this place can be read: the hash above stands for them. */
  #skip(index: number, width: number, bundle: ReadBundle | undefined): boolean {
    const first = index * tileWidth;
    const tile = this.#readAs({ level: 0, index, width });
    if (tile !== undefined) this.#note({ file: tile.path, entry: first, problem: `has ${tile.bytes.length} bytes` });
    if (bundle !== undefined) {
      const file = tilePath({ level: "entries", index, width });
      const entry = first + bundle.entries.length;
      this.#note({ file, entry, problem: `ends within entry ${entry}` });
    }
    const above = width === tileWidth ? this.#hashAbove(index) : undefined;
    if (above === undefined) return false;
    for (const full of this.#tree.appendSubtree(1, above)) this.#checkTile(full.level, full.index, full.hashes);
    return true;
  }

  /** The stored hash of a whole tile of level 0. */
  #hashAbove(index: number): Buffer | undefined {
    const above = Math.floor(index / tileWidth);
    const width = widthIn(this.#options.head.size, 1, above);
    const file = this.#find({ level: 1, index: above, width });
    return file === undefined ? undefined : readTileHashes(file.bytes, width)[index % tileWidth];
  }

  /** Notes when it is missing. */
  #readAs(name: TileName): FoundFile | undefined {
    const file = this.#find(name);
    if (file !== undefined) this.files += 1;
    else
      this.#note({ file: tilePath(name), entry: name.index * tileWidth * spanOf(name.level), problem: "is missing" });
    return file;
  }

  /** Beside a living log, a partial tile may have become full since its checkpoint was read. */
  #find(name: TileName): FoundFile | undefined {
    const path = tilePath(name);
    const bytes = readLogFile(this.#options.folder, path);
    if (bytes !== undefined) return { path, bytes, isWider: false };
    const full = tilePath({ ...name, width: tileWidth });
    const wider = name.width === tileWidth ? undefined : readLogFile(this.#options.folder, full);
    return wider === undefined ? undefined : { path: full, bytes: wider, isWider: true };
  }

  #formerWidths(level: TileLevel, index: number): readonly number[] {
    return this.#options.former.get(tileKey(level, index)) ?? [];
  }

  #note(finding: LogFinding | undefined): void {
    if (finding !== undefined) this.findings.push(finding);
  }
}

type FoundFile = { readonly path: string; readonly bytes: Buffer; readonly isWider: boolean };

type Chosen = { readonly bundle: ReadBundle; readonly hashes: readonly Buffer[] };

/** Of 256 hashes, or any other power of two. */
function subtreeRoot(hashes: readonly Buffer[]): Buffer {
  const [left = emptyRoot, right] = hashes;
  if (hashes.length <= 2) return right === undefined ? left : hashNode(left, right);
  const middle = hashes.length / 2;
  return hashNode(subtreeRoot(hashes.slice(0, middle)), subtreeRoot(hashes.slice(middle)));
}
