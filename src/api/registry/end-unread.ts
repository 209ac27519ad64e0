import type { IncomingMessage, ServerResponse } from "node:http";

/** Bytes and milliseconds. */
const most = 1 << 20;
const longest = 2000;

/**
 * Ends a connection whose request was answered before its body was there. Attack: ten gigabytes that nobody wants, which Node would read to their end. But a client that is still sending
 * sees the answer only if it can go on for a moment: a connection that is closed with bytes unread takes the answer with it.
 */
export function endUnread(request: IncomingMessage, response: ServerResponse): void {
  const declared = Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  const { socket } = request;
  // Attack: slow-loris, which sends on a byte at a time after the answer.
  const timer = setTimeout(() => socket.destroy(), longest);
  request.once("close", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
  // So little is read sooner than a connection is made.
  if (declared <= most) return;
  let read = 0;
  request.on("data", (chunk: Buffer) => {
    read += chunk.length;
    if (read > most && response.writableFinished) socket.destroy();
  });
  request.resume();
}
