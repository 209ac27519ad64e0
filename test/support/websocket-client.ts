import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { decodeFrames, encodeFrame, type Frame } from "./websocket-frames.ts";

/** A WebSocket that asks and waits for the echo: what a test wants to know of a connection that must not break. */
export type WebSocketClient = {
  /** Which instance answers. */
  readonly server: string;
  readonly isOpen: () => boolean;
  /** Sends a text and a ping, and waits until both have come back. Throws when they do not in time, or the connection ends. */
  readonly exchange: (text: string, timeout: number) => Promise<void>;
  /** Says goodbye and waits for the other's. */
  readonly close: () => Promise<void>;
};

export async function openWebSocket(url: string, timeout: number): Promise<WebSocketClient> {
  const key = randomBytes(16).toString("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
  };
  const sent = request(url, { headers, agent: false });
  const answered = Promise.withResolvers<{ response: IncomingMessage; socket?: Socket }>();
  const timer = setTimeout(() => sent.destroy(new Error(`no WebSocket within ${timeout} ms`)), timeout);
  sent.on("error", answered.reject);
  sent.on("response", (response) => answered.resolve({ response: response.resume() }));
  sent.on("upgrade", (response: IncomingMessage, socket: Socket) => answered.resolve({ response, socket }));
  sent.end();
  try {
    const { response, socket } = await answered.promise;
    if (socket === undefined) throw new Error(`a WebSocket was answered with ${response.statusCode}`);
    return talk(socket, String(response.headers["x-instance"] ?? "unknown"));
  } finally {
    clearTimeout(timer);
  }
}

function talk(socket: Socket, server: string): WebSocketClient {
  let kept = Buffer.alloc(0);
  let waiting: { take: (frame: Frame) => void; fail: (error: Error) => void } | undefined;
  socket.on("data", (bytes: Buffer) => {
    const { frames, rest } = decodeFrames(Buffer.concat([kept, bytes]));
    kept = Buffer.from(rest);
    for (const frame of frames) waiting?.take(frame);
  });
  socket.on("error", (error) => waiting?.fail(error));
  socket.on("end", () => socket.destroy());
  socket.on("close", () => waiting?.fail(new Error("the connection was closed")));
  const send = (kind: Frame["kind"], data: Buffer): void =>
    void socket.write(encodeFrame({ kind, data }, { isMasked: true }));
  return {
    server,
    isOpen: () => !socket.destroyed,
    exchange: async (text, timeout) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (socket.destroyed) throw new Error("the connection was closed");
      const missing = new Set([`text ${text}`, `pong ${text}`]);
      const take = ({ kind, data }: Frame): void => {
        if (!missing.delete(`${kind} ${String(data)}`)) reject(new Error(`${kind} was not asked for`));
        if (missing.size === 0) resolve();
      };
      waiting = { take, fail: reject };
      const timer = setTimeout(() => reject(new Error(`no echo within ${timeout} ms`)), timeout);
      send("text", Buffer.from(text));
      send("ping", Buffer.from(text));
      try {
        await promise;
      } finally {
        waiting = undefined;
        clearTimeout(timer);
      }
    },
    close: async () => {
      if (socket.destroyed) return;
      send("close", Buffer.alloc(0));
      const timer = setTimeout(() => socket.destroy(), 1000);
      await once(socket, "close");
      clearTimeout(timer);
    },
  };
}
