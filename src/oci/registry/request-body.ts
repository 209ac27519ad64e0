import { statSync } from "node:fs";
import { open } from "node:fs/promises";

/** What to send: bytes, or a file that is read anew for every attempt. */
export type RequestBody = Uint8Array<ArrayBuffer> | { readonly file: string };

type BodyInit = Pick<RequestInit, "body"> & { duplex?: "half"; headers?: Record<string, string> };

/** A file goes as a stream of large pieces with its length told: the processor time is a quarter of that of a Blob of the file. */
export function bodyOf(body: RequestBody | undefined): BodyInit {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { body };
  const headers = { "content-length": String(statSync(body.file).size) };
  return { body: ReadableStream.from(filePieces(body.file)), duplex: "half", headers };
}

async function* filePieces(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await open(path);
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(1 << 20), 0, 1 << 20);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
