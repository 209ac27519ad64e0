import { IngotError } from "../../ground/error.ts";
import { damaged } from "./damage.ts";
import { hashLeaf } from "./merkle.ts";
import { readBundle, readHashes } from "./read-tile.ts";
import { Recent } from "./recent.ts";
import { tileWidth, widthIn } from "./tile-path.ts";

export type EntryReader = {
  /** Throws `log-damaged`, `log-entry-unknown`. */
  readonly read: (index: number) => Buffer;
  /** Throws `log-damaged`. */
  readonly readFrom: (from: number, to?: number) => Generator<Buffer, void, void>;
  /** Throws `log-entry-unknown`. */
  readonly assertKnown: (index: number) => void;
};

/** The entries of a log that has `size` of them, which may grow meanwhile; each is held to its hash in the tree as it is read. */
export function entryReader(folder: string, size: () => number): EntryReader {
  const kept = new Recent<readonly Buffer[]>(64);
  const bundle = (index: number): readonly Buffer[] => {
    const width = widthIn(size(), "entries", index);
    // A partial bundle of another width is another key: what was read of it stays true.
    return kept.get(`${index}/${width}`, () => readChecked(folder, index, width));
  };
  const assertKnown = (index: number): void => {
    if (Number.isSafeInteger(index) && index >= 0 && index < size()) return;
    throw new IngotError("log-entry-unknown", `there is no entry ${index} in a log of ${size()} entries`, {
      hint: "`ingot audit show` lists the events with their numbers",
    });
  };
  const read = (index: number): Buffer => {
    assertKnown(index);
    const entry = bundle(Math.floor(index / tileWidth))[index % tileWidth];
    if (entry === undefined) throw damaged(folder, `lacks entry ${index}`);
    return entry;
  };
  function* readFrom(from: number, to: number = size()): Generator<Buffer, void, void> {
    const end = Math.min(to, size());
    for (let index = Math.floor(from / tileWidth); index * tileWidth < end; index++) {
      const first = index * tileWidth;
      // As wide as the log has it now: it may have grown since, and its narrower tile is gone.
      const width = widthIn(size(), "entries", index);
      yield* readChecked(folder, index, width).slice(Math.max(0, from - first), end - first);
    }
  }
  return { read, readFrom, assertKnown };
}

/** The first `width` entries of a bundle. Throws `log-damaged` at the first one that is not what the tile of level 0 says. */
function readChecked(folder: string, index: number, width: number): readonly Buffer[] {
  const { path, entries } = readBundle(folder, index, width);
  const hashes = readHashes(folder, { level: 0, index, width });
  const wrong = entries.findIndex((entry, at) => hashes[at]?.equals(hashLeaf(entry)) !== true);
  if (wrong >= 0) throw damaged(path, `has another entry ${index * tileWidth + wrong} than the tree`);
  return entries;
}
