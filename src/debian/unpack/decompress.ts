import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { xz } from "@napi-rs/lzma";
import { debMalformed } from "./ar.ts";

/** Decompresses a member of a .deb by its name (deb(5): .gz, .xz, .zst or nothing), on the thread pool. A cut or altered one is `deb-malformed`. */
export async function decompressMember(name: string, content: Buffer, where: string): Promise<Buffer> {
  const suffix = name.slice(name.lastIndexOf(".") + 1);
  const decompress = decompressors[suffix];
  if (decompress === undefined) throw debMalformed(where, `the compression of ${name} is not known`);
  try {
    return await decompress(content);
  } catch (cause) {
    throw debMalformed(where, `${name} cannot be decompressed`, cause);
  }
}

const decompressors: Readonly<Record<string, (content: Buffer) => Promise<Buffer>>> = {
  tar: (content) => Promise.resolve(content),
  gz: promisify<Buffer, Buffer>(gunzip),
  xz: (content) => xz.decompress(content),
  zst: promisify<Buffer, Buffer>(zstdDecompress),
};
