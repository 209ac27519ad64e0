import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { digestOf, type Digest } from "../digest.ts";

/** A request that the fake saw. */
export type SeenRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
};

/** A registry of one process over real HTTP, for what a real one cannot be made to do: cut connections, lie, redirect. */
export type FakeRegistry = {
  readonly host: string;
  readonly seen: SeenRequest[];
  readonly blobs: Map<Digest, Buffer>;
  /** By tag or digest. */
  readonly manifests: Map<string, { type: string; content: Buffer }>;
  /** Answers a request in place of the registry when it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
};

export async function startFakeRegistry(t: TestContext): Promise<FakeRegistry> {
  const fake: FakeRegistry = { host: "", seen: [], blobs: new Map(), manifests: new Map(), intercept: () => false };
  const server = createServer((request, response) => {
    fake.seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    if (!fake.intercept(request, response)) void answer(fake, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return Object.assign(fake, { host: `127.0.0.1:${typeof address === "object" ? address?.port : ""}` });
}

async function answer(fake: FakeRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "", `http://${fake.host}`);
  if (pathname.endsWith("/blobs/uploads/")) {
    response.writeHead(202, { location: `/upload/${Math.random()}` }).end();
    return;
  }
  const [, kind = "", name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
  if (request.method === "PUT") {
    store(fake, kind === "manifests" ? name : undefined, request, Buffer.concat((await request.toArray()) as Buffer[]));
    response.writeHead(201).end();
    return;
  }
  const manifest = kind === "manifests" ? fake.manifests.get(name) : undefined;
  const blob = kind === "blobs" ? fake.blobs.get(name as Digest) : undefined;
  if (manifest !== undefined) response.writeHead(200, { "content-type": manifest.type }).end(manifest.content);
  else if (blob !== undefined) sendBlob(blob, request, response);
  else response.writeHead(404).end();
}

function store(fake: FakeRegistry, tag: string | undefined, request: IncomingMessage, content: Buffer): void {
  const digest = digestOf(content);
  const type = request.headers["content-type"] ?? "";
  if (tag === undefined) fake.blobs.set(digest, content);
  else fake.manifests.set(tag, { type, content }).set(digest, { type, content });
}

function sendBlob(blob: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start > 0) response.writeHead(206, { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` });
  response.end(blob.subarray(start));
}
