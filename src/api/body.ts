import type { IncomingMessage } from "node:http";
import type { Pieces } from "../controller/registry/upload.ts";
import { IngotError } from "../ground/error.ts";

/** How slowly a body may come: so many bytes at least in each period of so many milliseconds. */
export type BodyLimits = { readonly period: number; readonly least: number };

/** Slower than any line that an image could be pushed over. */
export const usualBodyLimits: BodyLimits = { period: 10_000, least: 8192 };

/** Bytes that are taken at a time, and that wait at most while the disk is busy: hashing and writing small chunks costs twice the processor time. */
const enough = 1 << 20;
const mostWaiting = 4 << 20;

/**
 * The body of a request in pieces of about a mebibyte, each good until the next is asked for. What came before a client broke off is given first: it can go on from there. Throws
 * `upload-too-slow`, and `upload-invalid` when the client broke off.
 */
export async function* readPieces(request: IncomingMessage, limits: BodyLimits): Pieces {
  for await (const pieces of takePieces(request, limits)) {
    yield pieces;
    for (const piece of pieces) release(piece);
  }
}

/** Gives its memory back at once. Node makes a buffer for every 64 KiB of a body, and to find those that are done with, the whole heap would be searched several times in a layer. */
function release({ buffer, length }: Buffer): void {
  // Only one that has its memory for itself.
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === length) buffer.transfer(0);
}

async function* takePieces(request: IncomingMessage, limits: BodyLimits): Pieces {
  let chunks: Buffer[] = [];
  let size = 0;
  let seen = 0;
  let isWaiting = true;
  let end: IngotError | "whole" | undefined;
  let wake = (): void => {};
  const finish = (how: IngotError | "whole"): void => {
    end ??= how;
    wake();
  };
  request.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    seen += chunk.length;
    if (size >= mostWaiting) request.pause();
    if (size >= enough) wake();
  });
  request.once("end", () => finish("whole"));
  request.once("error", () => finish(brokeOff()));
  request.once("close", () => finish(brokeOff()));
  // Attack: slow-loris, a body that comes a byte at a time and holds a connection and a file for ever. Time in which the disk is waited for does not count.
  const timer = setInterval(() => {
    if (isWaiting && seen < limits.least) finish(tooSlow(seen, limits));
    seen = 0;
  }, limits.period);
  try {
    for (;;) {
      isWaiting = true;
      if (size < enough && end === undefined) await new Promise<void>((resolve) => (wake = resolve));
      isWaiting = false;
      if (size > 0) {
        const taken = chunks;
        chunks = [];
        size = 0;
        request.resume();
        yield taken;
      } else if (end === "whole") return;
      else if (end !== undefined) throw end;
    }
  } finally {
    clearInterval(timer);
    request.removeAllListeners("data");
  }
}

/** The whole of a small body. Throws `error` beyond the limit, before it is read where its size is declared. */
export async function readWhole(
  request: IncomingMessage,
  { limits, most, error }: { readonly limits: BodyLimits; readonly most: number; readonly error: () => IngotError },
): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > most) throw error();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const pieces of takePieces(request, limits)) {
    for (const piece of pieces) size += piece.length;
    if (size > most) throw error();
    chunks.push(...pieces);
  }
  return Buffer.concat(chunks);
}

/** Attack: a body of a kilobyte that unpacks to gigabytes. Nothing is unpacked here. Throws `registry-request-unsupported`. */
export function assertNotEncoded({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return;
  throw new IngotError(
    "registry-request-unsupported",
    `expected a body as it is, got one with Content-Encoding ${encoding.slice(0, 40)}`,
    {
      hint: "send it without Content-Encoding; layers are compressed before they are pushed",
    },
  );
}

function brokeOff(): IngotError {
  return new IngotError("upload-invalid", "the client broke off before the end of the body", {
    hint: "what came before it stays for a day, and the upload can go on from there",
  });
}

function tooSlow(seen: number, { period, least }: BodyLimits): IngotError {
  return new IngotError("upload-too-slow", `expected at least ${least} bytes in ${period / 1000} s, got ${seen}`, {
    hint: "what came before stays for a day, and the upload can go on from there",
  });
}
