import type { TarEntry } from "./entry.ts";
import { blockSize, paddingOf } from "./fields.ts";
import { HeaderAssembler } from "./header-assembler.ts";
import { tarMalformed } from "./malformed.ts";
import type { AbsolutePaths } from "./path.ts";

/**
 * The entries of an uncompressed archive, in its order; `content` is a view, nothing is copied. Reads ustar, GNU and pax. Strict: throws
 * `tar-malformed` for a bad checksum, an unknown type or an archive that ends too early, `archive-escapes-root` for a path with `..`, and for an
 * absolute one where `absolute` says so.
 */
export function* readTar(
  archive: Buffer,
  options: { readonly absolute?: AbsolutePaths } = {},
): Generator<TarEntry, void, undefined> {
  const assembler = new HeaderAssembler(options.absolute);
  for (let offset = 0; ;) {
    const block = take(archive, offset, blockSize, "the end marker is missing");
    const step = assembler.accept(block, offset);
    if (step.kind === "zero") return checkEnd(archive, offset, assembler);
    const size = step.kind === "entry" ? step.header.size : step.size;
    const start = offset + blockSize;
    const body = take(archive, start, size, "it ends inside an entry's content");
    if (step.kind === "extension") assembler.extend(step.type, body, offset);
    else yield { ...step.header, content: body };
    offset = start + size + paddingOf(size);
  }
}

function take(archive: Buffer, offset: number, length: number, what: string): Buffer {
  if (offset + length > archive.length) throw tarMalformed(what, { offset: Math.min(offset, archive.length) });
  return archive.subarray(offset, offset + length);
}

/** Two zero blocks end an archive; what follows is padding. A lone one at the very end is accepted, as by every tool. */
function checkEnd(archive: Buffer, offset: number, assembler: HeaderAssembler): void {
  if (assembler.isPending) throw tarMalformed("it ends after an extended header", { offset });
  const second = archive.subarray(offset + blockSize, offset + 2 * blockSize);
  if (second.some((byte) => byte !== 0)) throw tarMalformed("a zero block in the middle", { offset });
}
