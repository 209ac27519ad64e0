import { once } from "node:events";
import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { ByteRange } from "./byte-range.ts";

/** Large enough that system calls cost nothing beside the copying, small enough to stay in the processor's cache. */
const blockSize = 512 << 10;

/** Sends a part of a file as the body. While one block is on its way to the client, the next one is read; a slow client holds two blocks and no more. */
export async function sendFile(response: ServerResponse, path: string, { first, last }: ByteRange): Promise<void> {
  await using file = await open(path, "r");
  const blocks = [Buffer.allocUnsafeSlow(blockSize), Buffer.allocUnsafeSlow(blockSize)] as const;
  let sent: Promise<boolean> = Promise.resolve(true);
  for (let at = first, turn = 0; at <= last; turn = 1 - turn) {
    const block = blocks[turn === 0 ? 0 : 1];
    const { bytesRead } = await file.read(block, 0, Math.min(blockSize, last - at + 1), at);
    // The file is shorter than it was: the client must see that it did not get all.
    if (bytesRead === 0) return void response.destroy();
    at += bytesRead;
    if (!(await sent)) return;
    sent = write(response, block.subarray(0, bytesRead));
  }
  if (!(await sent)) return;
  response.end();
  if (!response.writableFinished && !response.destroyed)
    await Promise.race([once(response, "finish"), once(response, "close")]);
}

/** Resolves when the block may be used again; false when the client is gone. */
function write(response: ServerResponse, block: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve(false);
    const gone = (): void => resolve(false);
    response.once("close", gone);
    response.write(block, (error) => {
      response.off("close", gone);
      resolve(error === null || error === undefined);
    });
  });
}
