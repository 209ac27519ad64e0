import { crc32, deflateRaw, constants, zstdCompress, type ZlibOptions } from "node:zlib";
import { promisify } from "node:util";

export type Compression = "gzip" | "zstd";

/** Bytes of input that one task compresses. Part of the format: another size gives other bytes, and so another digest. */
const pieceSize = 1 << 20;
/** Enough to keep every core of a usual machine busy, little enough to bound the memory. */
const mostInFlight = 8;

/** Compresses a layer on the thread pool, piece by piece in parallel; the bytes do not depend on how many cores there are. */
export function compressLayer(chunks: Iterable<Buffer>, compression: Compression): AsyncGenerator<Buffer> {
  return compression === "gzip" ? gzipPieces(chunks) : zstdPieces(chunks);
}

/**
 * One gzip member (RFC 1952) of deflate blocks made in parallel, as pigz does: every piece is primed with the 32 KiB before it, so almost nothing is
 * lost against one run over all. Header: no time, no name, operating system "unknown".
 */
async function* gzipPieces(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  let sum = 0;
  let length = 0;
  let before: Buffer | undefined;
  const pool: Buffer[] = [];
  const tasks = function* (): Generator<Promise<Buffer>, void> {
    for (const { piece, isLast } of cutPieces(chunks, { size: pieceSize, pool })) {
      sum = crc32(piece, sum);
      length += piece.length;
      const task = deflatePiece(piece, { before, isLast });
      before = Buffer.from(piece.subarray(-windowSize));
      yield recycled(task, piece, pool);
    }
  };
  yield* inOrder(tasks());
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield trailer;
}

const windowSize = 32_768;
const deflate = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

function deflatePiece(piece: Buffer, options: { before: Buffer | undefined; isLast: boolean }): Promise<Buffer> {
  return deflate(piece, {
    level: 6,
    memLevel: 9,
    // Most pieces come out smaller than this, so in one go.
    chunkSize: pieceSize / 2,
    finishFlush: options.isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(options.before !== undefined && { dictionary: options.before }),
  });
}

/** Frames behind each other are one zstd stream (RFC 8878, 3.1). */
async function* zstdPieces(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  const compress = promisify<Buffer, Buffer>(zstdCompress);
  const pool: Buffer[] = [];
  const tasks = function* (): Generator<Promise<Buffer>, void> {
    for (const { piece } of cutPieces(chunks, { size: 4 * pieceSize, pool }))
      yield recycled(compress(piece), piece, pool);
  };
  yield* inOrder(tasks());
}

/** Runs some tasks ahead and gives their results in order. */
async function* inOrder(tasks: Iterator<Promise<Buffer>, void>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  for (;;) {
    while (running.length < mostInFlight) {
      const next = tasks.next();
      if (next.done) break;
      next.value.catch(() => {});
      running.push(next.value);
    }
    const first = running.shift();
    if (first === undefined) return;
    yield await first;
  }
}

/** Gives the piece back when it is compressed: fresh buffers of this size would keep the garbage collector busy. */
async function recycled(task: Promise<Buffer>, piece: Buffer, pool: Buffer[]): Promise<Buffer> {
  const compressed = await task;
  pool.push(piece);
  return compressed;
}

type PieceOptions = { readonly size: number; readonly pool: Buffer[] };

/** Joins and cuts chunks into pieces of one size; the last one may be shorter. */
function* cutPieces(
  chunks: Iterable<Buffer>,
  { size, pool }: PieceOptions,
): Generator<{ piece: Buffer; isLast: boolean }> {
  const take = () => pool.pop() ?? Buffer.allocUnsafeSlow(size);
  let piece = take();
  let used = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (used === size) {
        yield { piece, isLast: false };
        piece = take();
        used = 0;
      }
      const copied = chunk.copy(piece, used, at);
      used += copied;
      at += copied;
    }
  }
  yield { piece: piece.subarray(0, used), isLast: true };
}
