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
  /** Whether it keeps lists of what is attached to an image, in pages of so many entries; undefined: as docker-registry, which knows no such thing. */
  referrers: { readonly pageSize: number; readonly isFiltering: boolean } | undefined;
  /** Answers a request in place of the registry when it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
};

export async function startFakeRegistry(t: TestContext): Promise<FakeRegistry> {
  const fake: FakeRegistry = {
    host: "",
    seen: [],
    blobs: new Map(),
    manifests: new Map(),
    referrers: undefined,
    intercept: () => false,
  };
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
  const url = new URL(request.url ?? "", `http://${fake.host}`);
  const { pathname } = url;
  if (pathname.endsWith("/blobs/uploads/")) {
    response.writeHead(202, { location: `/upload/${Math.random()}` }).end();
    return;
  }
  const [, kind = "", name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
  if (request.method === "PUT") {
    const content = Buffer.concat((await request.toArray()) as Buffer[]);
    response.writeHead(201, store(fake, kind === "manifests" ? name : undefined, request, content)).end();
    return;
  }
  const subject = /\/referrers\/(sha256:[0-9a-f]{64})$/.exec(pathname)?.[1];
  if (subject !== undefined && fake.referrers !== undefined) {
    sendReferrers(fake, { url, subject, ...fake.referrers }, response);
    return;
  }
  const manifest = kind === "manifests" ? fake.manifests.get(name) : undefined;
  const blob = kind === "blobs" ? fake.blobs.get(name as Digest) : undefined;
  if (manifest !== undefined) response.writeHead(200, { "content-type": manifest.type }).end(manifest.content);
  else if (blob !== undefined) sendBlob(blob, request, response);
  else response.writeHead(404).end();
}

type StoredHeaders = { readonly "oci-subject"?: string };

/** Headers of the answer: a registry that keeps lists says which image it listed a manifest for. */
function store(fake: FakeRegistry, tag: string | undefined, request: IncomingMessage, content: Buffer): StoredHeaders {
  const digest = digestOf(content);
  const type = request.headers["content-type"] ?? "";
  if (tag === undefined) {
    fake.blobs.set(digest, content);
    return {};
  }
  fake.manifests.set(tag, { type, content }).set(digest, { type, content });
  const subject = fake.referrers === undefined ? undefined : attachedOf(content).subject;
  return subject === undefined ? {} : { "oci-subject": subject.digest };
}

function sendBlob(blob: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start > 0) response.writeHead(206, { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` });
  response.end(blob.subarray(start));
}

type AttachedManifest = {
  readonly subject?: { readonly digest: string };
  readonly artifactType?: string;
  readonly annotations?: object;
};

function attachedOf(content: Buffer): AttachedManifest {
  return JSON.parse(content.toString()) as AttachedManifest;
}

type ReferrersRequest = {
  readonly url: URL;
  readonly subject: string;
  readonly pageSize: number;
  readonly isFiltering: boolean;
};

/** distribution-spec, "Listing Referrers", with its pages and its filter. */
function sendReferrers(fake: FakeRegistry, asked: ReferrersRequest, response: ServerResponse): void {
  const { url, subject, pageSize, isFiltering } = asked;
  const wanted = isFiltering ? url.searchParams.get("artifactType") : null;
  const all = [...fake.manifests].flatMap(([digest, { type, content }]) => {
    const { artifactType, annotations, ...manifest } = attachedOf(content);
    const isMeant = digest.startsWith("sha256:") && manifest.subject?.digest === subject;
    const descriptor = { mediaType: type, digest, size: content.length, artifactType, annotations };
    return isMeant && (wanted === null || artifactType === wanted) ? [descriptor] : [];
  });
  const start = Number(url.searchParams.get("start") ?? 0);
  const next = new URL(url);
  next.searchParams.set("start", String(start + pageSize));
  const hasMore = start + pageSize < all.length;
  const type = "application/vnd.oci.image.index.v1+json";
  response.writeHead(200, {
    "content-type": type,
    ...(hasMore ? { link: `<${next.pathname}${next.search}>; rel="next"` } : {}),
    ...(wanted === null ? {} : { "oci-filters-applied": "artifactType" }),
  });
  const manifests = all.slice(start, start + pageSize);
  response.end(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }));
}
