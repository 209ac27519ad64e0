import { crc32, inflateRawSync } from "node:zlib";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { fromRandomAccessReader, RandomAccessReader, type Entry, type ZipFile } from "yauzl";
import { malformed, tooLarge } from "./feed-error.ts";
import type { FeedLimits } from "./feed.ts";
import type { OsvPiece } from "./osv.ts";

/**
 * The JSON files of a zip archive, one after the other; nothing is written, so that a name with `..` could do no harm, and is refused all the same. Sizes are held to
 * the limits before and while unpacking, whatever the archive claims. Throws `feed-malformed`, `feed-too-large`.
 */
export async function* readZip(path: string, limits: FeedLimits): AsyncGenerator<OsvPiece, void, undefined> {
  const file = openSync(path, "r");
  let unpacked = 0;
  let files = 0;
  try {
    const reader = new BlockReader(file);
    const zip = await openZip(reader, fstatSync(file).size);
    if (zip.entryCount > limits.files) throw tooMany(limits);
    for await (const entry of entriesOf(zip)) {
      if (++files > limits.files) throw tooMany(limits);
      if (entry.fileName.endsWith("/") || !entry.fileName.endsWith(".json")) continue;
      const bytes = unpack(reader, entry, limits);
      unpacked += bytes.length;
      if (unpacked > limits.unpacked) throw tooLarge("what the archive unpacks to", limits.unpacked);
      yield { bytes, where: entry.fileName };
    }
  } finally {
    closeSync(file);
  }
}

function tooMany({ files }: FeedLimits): Error {
  return malformed(`it has more than the ${files} files that Ingot takes`);
}

function openZip(reader: RandomAccessReader, size: number): Promise<ZipFile> {
  const { promise, resolve, reject } = Promise.withResolvers<ZipFile>();
  fromRandomAccessReader(reader, size, { lazyEntries: true, autoClose: false, strictFileNames: true }, (error, zip) => {
    if (error) reject(notZip(error));
    else resolve(zip);
  });
  return promise;
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry, void, undefined> {
  for (;;) {
    const entry = await nextEntry(zip);
    if (entry === undefined) return;
    yield entry;
  }
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Entry | undefined>();
  zip.removeAllListeners("entry").removeAllListeners("end").removeAllListeners("error");
  zip.once("entry", resolve);
  zip.once("end", () => resolve(undefined));
  zip.once("error", (error: Error) => reject(notZip(error)));
  zip.readEntry();
  return promise;
}

function notZip(cause: Error): Error {
  return malformed(
    `its zip archive is cut off, altered, or has names that lead out of it (${cause.message})`,
    "",
    cause,
  );
}

const localHeader = 30;

function unpack(reader: BlockReader, entry: Entry, limits: FeedLimits): Buffer {
  const where = entry.fileName;
  if (entry.uncompressedSize > limits.record || entry.compressedSize > limits.record) {
    throw tooLarge(`a file of the archive`, limits.record);
  }
  if (entry.isEncrypted()) throw malformed("it is encrypted", where);
  const header = reader.bytes(localHeader, entry.relativeOffsetOfLocalHeader);
  if (header.readUInt32LE(0) !== 0x04034b50) throw malformed("its zip archive is altered", where);
  const start = entry.relativeOffsetOfLocalHeader + localHeader + header.readUInt16LE(26) + header.readUInt16LE(28);
  const content = inflate(entry, reader.bytes(entry.compressedSize, start));
  if (content.length !== entry.uncompressedSize || crc32(content) !== entry.crc32) {
    throw malformed("its zip archive is altered: the checksum does not fit", where);
  }
  return content;
}

function inflate(entry: Entry, packed: Buffer): Buffer {
  if (entry.compressionMethod === 0) return packed;
  if (entry.compressionMethod !== 8) throw malformed(`compression method ${entry.compressionMethod}`, entry.fileName);
  try {
    // Never more than it claims, which was held to the limit: a bomb claims little and unpacks to much.
    return inflateRawSync(packed, { maxOutputLength: entry.uncompressedSize + 1 });
  } catch (cause) {
    throw malformed("its zip archive is altered: it does not unpack to the size that it claims", entry.fileName, cause);
  }
}

type ReadArguments = Parameters<RandomAccessReader["read"]>;

/** Reads a block at a time: the library asks for 46 bytes of each of 300,000 entries, which takes five times as long without. */
class BlockReader extends RandomAccessReader {
  readonly #file: number;
  readonly #blocks = [0, 0].map(() => ({ bytes: Buffer.alloc(1 << 18), start: 0, length: 0 }));
  #oldest = 0;

  constructor(file: number) {
    super();
    this.#file = file;
  }

  override read(...[buffer, offset, length, position, callback]: ReadArguments): void {
    let failure: Error | null = null;
    try {
      this.bytes(length, position).copy(buffer, offset);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    callback(failure);
  }

  /** Valid until the next call. */
  bytes(length: number, position: number): Buffer {
    const held = this.#blocks.find((one) => position >= one.start && position + length <= one.start + one.length);
    if (held) return held.bytes.subarray(position - held.start, position - held.start + length);
    const block = length > 1 << 18 ? undefined : this.#fill(position);
    const found =
      block === undefined ? this.#readWhole(length, position) : block.bytes.subarray(0, Math.min(length, block.length));
    if (found.length < length) throw malformed("its zip archive is cut off");
    return found;
  }

  #fill(position: number): { readonly bytes: Buffer; readonly length: number } | undefined {
    // One for the list of entries and one for their contents, in turn.
    const block = this.#blocks[(this.#oldest = 1 - this.#oldest)];
    if (block === undefined) return undefined;
    block.length = readSync(this.#file, block.bytes, 0, block.bytes.length, position);
    block.start = position;
    return block;
  }

  #readWhole(length: number, position: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#file, bytes, 0, length, position));
  }
}
