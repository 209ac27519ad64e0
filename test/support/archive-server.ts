import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

/** What goes wrong with answers. */
export type Fault =
  | { readonly kind: "status"; readonly status: number }
  /** The connection breaks after `bytes` of the body, though the header promised all. */
  | { readonly kind: "break"; readonly bytes: number }
  /** The answer is complete in itself, but ends after `bytes`. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The byte at `offset` of the file is another one. */
  | { readonly kind: "alter"; readonly offset: number }
  /** Nothing follows after `bytes`, and the connection stays open. */
  | { readonly kind: "stall"; readonly bytes: number }
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** As a server that knows no Range. */
  | { readonly kind: "no-range" };

export type ServedRequest = {
  readonly path: string;
  readonly status: number;
  readonly range?: string;
  readonly ifNoneMatch?: string;
};

export type ArchiveServer = {
  /** `http://127.0.0.1:PORT`, without a trailing slash; the folder's paths follow. */
  readonly url: string;
  /** Every request in order, with how it was answered. */
  readonly requests: ServedRequest[];
  /** Applies to requests whose path matches, for the next `times` of them (always by default). */
  readonly addFault: (path: RegExp, fault: Fault, times?: number) => void;
  readonly clearFaults: () => void;
  readonly close: () => Promise<void>;
};

/**
 * Serves a folder over real HTTP on the loopback, with Range, ETag and keep-alive, and with faults that can be
 * switched.
 */
export async function serveArchive(folder: string): Promise<ArchiveServer> {
  const faults: ActiveFault[] = [];
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => void answer({ folder, request, response, faults, requests }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    addFault: (path, fault, times = Infinity) => void faults.push({ path, fault, times }),
    clearFaults: () => void (faults.length = 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type ActiveFault = { readonly path: RegExp; readonly fault: Fault; times: number };
type Exchange = {
  readonly folder: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly faults: readonly ActiveFault[];
  readonly requests: ServedRequest[];
};

async function answer(exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://a").pathname));
  const fault = takeFault(exchange.faults, path);
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
  const file = readServed(join(exchange.folder, path));
  const status = statusOf(request, file, fault);
  const { range, "if-none-match": ifNoneMatch } = request.headers;
  exchange.requests.push({ path, status, ...(range ? { range } : {}), ...(ifNoneMatch ? { ifNoneMatch } : {}) });
  if (!file || (status !== 200 && status !== 206)) return void response.writeHead(status).end();
  const body = fault?.kind === "alter" ? altered(file, fault.offset) : file;
  const start = status === 206 ? firstByte(range) : 0;
  if (status === 206) response.setHeader("content-range", `bytes ${start}-${file.length - 1}/${file.length}`);
  response.setHeader("etag", etagOf(file));
  response.statusCode = status;
  send(response, body.subarray(start), fault);
}

function send(response: ServerResponse, body: Buffer, fault: Fault | undefined): void {
  if (fault?.kind !== "break" && fault?.kind !== "stall") {
    return void response.end(fault?.kind === "truncate" ? body.subarray(0, fault.bytes) : body);
  }
  response.setHeader("content-length", body.length);
  response.write(body.subarray(0, fault.bytes), () => {
    if (fault.kind === "break") setTimeout(() => response.destroy(), 20);
  });
}

function takeFault(faults: readonly ActiveFault[], path: string): Fault | undefined {
  const found = faults.find((fault) => fault.times > 0 && fault.path.test(path));
  if (found) found.times -= 1;
  return found?.fault;
}

function statusOf(request: IncomingMessage, file: Buffer | undefined, fault: Fault | undefined): number {
  if (fault?.kind === "status") return fault.status;
  if (!file) return 404;
  if (request.headers["if-none-match"] === etagOf(file)) return 304;
  if (!request.headers.range || fault?.kind === "no-range") return 200;
  return firstByte(request.headers.range) < file.length ? 206 : 416;
}

function firstByte(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
}

function etagOf(file: Buffer): string {
  return `"${createHash("sha256").update(file).digest("hex").slice(0, 16)}"`;
}

function altered(file: Buffer, offset: number): Buffer {
  const copy = Buffer.from(file);
  copy[offset] = (copy[offset] ?? 0) ^ 1;
  return copy;
}

function readServed(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
