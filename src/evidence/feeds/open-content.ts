import { createReadStream, openSync, readSync, closeSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { malformed, tooLarge } from "./feed-error.ts";
import type { FeedLimits } from "./feed.ts";

/** What a feed's file is, before anything in it is read. */
export type Packing = "zip" | "gzip" | "plain";

/** By the first bytes of the file: names of files and types of answers are whatever a server says. */
export function packingOf(path: string): Packing {
  const head = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  // An entry, or the end of an archive that has none.
  const isZip =
    head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));
  return isZip ? "zip" : "plain";
}

/** The bytes of a file that is plain or gzip, held to the limit while they are unpacked. Throws `feed-malformed` where a gzip file is cut off. */
export async function* openContent(path: string, limits: FeedLimits): AsyncGenerator<Buffer, void, undefined> {
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  const isPacked = packingOf(path) === "gzip";
  const stream = isPacked ? source.pipe(createGunzip({ chunkSize: 1 << 18 })) : source;
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      if (bytes > limits.unpacked) throw tooLarge("what the feed unpacks to", limits.unpacked);
      yield chunk as Buffer;
    }
  } catch (error) {
    if (isPacked && error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      throw malformed("its gzip data is cut off or altered", "", error);
    }
    throw error;
  } finally {
    source.destroy();
    stream.destroy();
  }
}
