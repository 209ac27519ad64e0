import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { acceptKey, decodeFrames, encodeFrame } from "./websocket-frames.ts";

/**
 * A server for tests of traffic, which answers as test/support/test-app.pl does: `/` with its name, `/slow/MS`, `/size/BYTES`, a POST with what was sent, a WebSocket with an
 * echo. Its name is in `x-instance`. What it got of the client's address is in `x-seen-for`.
 */
export type TrafficServer = {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL, and its end: what is under way is lost. */
  readonly kill: () => Promise<void>;
};

/** One within this process: quick to start, and its end is that of its connections. */
export async function openTrafficServer(name: string, port = 0): Promise<TrafficServer> {
  const server = makeServer(name);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const kill = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  return { port: (server.address() as AddressInfo).port, pid: process.pid, kill };
}

/** One that is a process of its own; port 0: any. */
export async function startTrafficServer(name: string, port = 0): Promise<TrafficServer> {
  const child = fork(import.meta.filename, ["--serve", name, String(port)], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [{ port: number }];
  return { port: message.port, pid: child.pid ?? 0, kill: async () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function serve(name: string, port: number): void {
  const server = makeServer(name);
  server.listen(port, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on("disconnect", () => process.exit());
}

function makeServer(name: string): Server {
  // No connection is ended for being idle: a proxy must not count on a server for that, and a test not on its luck.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => void answer(name, request, response));
  return server.on("upgrade", (request: IncomingMessage, socket: Socket) => echo(name, request, socket));
}

async function answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // The client has gone away in the middle; there is nobody to answer.
    return;
  }
  const [, what, number] = /^\/(slow|size)\/(\d+)/.exec(request.url ?? "") ?? [];
  response.setHeader("x-instance", name);
  response.setHeader("x-seen-for", request.headers["x-forwarded-for"] ?? "");
  if (what === "slow") await new Promise((resolve) => setTimeout(resolve, Number(number)));
  if (what === "size") response.end(Buffer.alloc(Number(number), "x"));
  else response.end(request.method === "POST" ? Buffer.concat(chunks) : name);
}

function echo(name: string, request: IncomingMessage, socket: Socket): void {
  const key = request.headers["sec-websocket-key"] ?? "";
  socket.on("error", () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Instance: ${name}\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
  );
  let kept = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    const { frames, rest } = decodeFrames(Buffer.concat([kept, bytes]));
    kept = Buffer.from(rest);
    for (const { kind, data } of frames) {
      socket.write(encodeFrame({ kind: kind === "ping" ? "pong" : kind, data }, { isMasked: false }));
      if (kind === "close") socket.end();
    }
  });
}

if (process.argv[2] === "--serve") serve(process.argv[3] ?? "", Number(process.argv[4]));
