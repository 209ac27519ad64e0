import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { IngotError } from "../../ground/error.ts";

/** How an index may be compressed, the smallest first. */
export const indexCompressions = [".xz", ".gz", ""] as const;

export type IndexCompression = (typeof indexCompressions)[number];

/**
 * Unpacks an index off the main thread, into exactly the `size` bytes that the signed list promises. Throws
 * `download-corrupt` when there are more or fewer, or when the data is damaged. Attack: a small file that unpacks to
 * more than the machine's memory.
 */
export async function decompressIndex(
  packed: Buffer,
  { compression, size, where }: { compression: IndexCompression; size: number; where: string },
): Promise<Buffer> {
  if (compression === "") return packed;
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  try {
    for await (const chunk of unpack(packed, compression)) {
      if (length + chunk.length > size) throw wrongLength(where, size);
      bytes.set(chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    if (error instanceof IngotError) throw error;
    throw new IngotError("download-corrupt", `${where} cannot be unpacked`, { cause: error });
  }
  if (length < size) throw wrongLength(where, size);
  return bytes;
}

async function* unpack(packed: Buffer, compression: ".xz" | ".gz"): AsyncIterable<Uint8Array> {
  if (compression === ".gz") {
    yield* Readable.from([packed]).pipe(createGunzip({ chunkSize: 1 << 18 }));
    return;
  }
  const { xz } = await import("@napi-rs/lzma");
  yield* xz.decompressStream(new Blob([new Uint8Array(packed)]).stream());
}

function wrongLength(where: string, size: number): IngotError {
  return new IngotError(
    "download-corrupt",
    `${where} does not unpack to the ${size} bytes that its signed list promises`,
  );
}
