import type { TarHeader } from "./entry.ts";
import { blockSize, paddingOf } from "./fields.ts";
import { HeaderAssembler } from "./header-assembler.ts";
import { tarMalformed } from "./malformed.ts";

/** An entry of a streamed archive. `content` must be consumed before the next entry is asked for; what is left of it is skipped. */
export type StreamedTarEntry = {
  readonly header: TarHeader;
  /** Where the content begins in the archive. */
  readonly offset: number;
  readonly content: AsyncIterable<Buffer>;
};

/** Like `readTar`, for an archive that is too large to hold in memory. Reads the source to its end, so that a digest made of it is whole. */
export async function* readTarStream(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamedTarEntry, void, undefined> {
  const bytes = new ByteReader(source);
  const assembler = new HeaderAssembler();
  for (;;) {
    const offset = bytes.offset;
    const step = assembler.accept(await bytes.take(blockSize, "the end marker is missing"), offset);
    if (step.kind === "zero") return await finish(bytes, assembler);
    if (step.kind === "extension") {
      assembler.extend(step.type, await bytes.take(step.size, "it ends inside an extended header"), offset);
      await bytes.skip(paddingOf(step.size), { isLast: true });
      continue;
    }
    const { header } = step;
    const start = bytes.offset;
    const end = start + header.size;
    yield { header, offset: start, content: bytes.pieces(header.size) };
    await bytes.skip(end - bytes.offset, { isLast: false });
    await bytes.skip(paddingOf(header.size), { isLast: true });
  }
}

async function finish(bytes: ByteReader, assembler: HeaderAssembler): Promise<void> {
  const { offset } = bytes;
  if (assembler.isPending) throw tarMalformed("it ends after an extended header", { offset });
  let isSecond = true;
  for await (const piece of bytes.rest()) {
    if (isSecond && piece.subarray(0, blockSize).some((byte) => byte !== 0)) {
      throw tarMalformed("a zero block in the middle", { offset });
    }
    isSecond = false;
  }
}

/** Cuts a stream of chunks into the pieces that are asked for, without copying where one chunk holds them. */
class ByteReader {
  offset = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number, what: string): Promise<Buffer> {
    if (this.#chunk.length >= length) return this.#advance(length);
    const start = this.offset;
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      if (!(await this.#fill())) throw tarMalformed(what, { offset: start });
      const piece = this.#advance(Math.min(missing, this.#chunk.length));
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async *pieces(length: number): AsyncGenerator<Buffer, void, undefined> {
    for (let missing = length; missing > 0;) {
      if (!(await this.#fill())) throw tarMalformed("it ends inside an entry's content", { offset: this.offset });
      const piece = this.#advance(Math.min(missing, this.#chunk.length));
      missing -= piece.length;
      yield piece;
    }
  }

  /** `isLast`: the padding behind the last content may be missing where the end marker is; the next header tells. */
  async skip(length: number, { isLast }: { isLast: boolean }): Promise<void> {
    for (let missing = length; missing > 0;) {
      if (!(await this.#fill())) {
        if (isLast) return;
        throw tarMalformed("it ends inside an entry's content", { offset: this.offset });
      }
      missing -= this.#advance(Math.min(missing, this.#chunk.length)).length;
    }
  }

  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    while (await this.#fill()) yield this.#advance(this.#chunk.length);
  }

  #advance(length: number): Buffer {
    const piece = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.offset += length;
    return piece;
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done) return false;
      const { buffer, byteOffset, byteLength } = next.value;
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
    }
    return true;
  }
}
