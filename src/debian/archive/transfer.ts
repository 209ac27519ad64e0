import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { describeForbidden, forbiddenPort } from "../../ground/forbidden-port.ts";
import { splitCredentials } from "./credentials.ts";
import { StallWatch } from "./stall-watch.ts";

/** How long to bear with a bad mirror; times in milliseconds. */
export type Patience = {
  /** Attempts for one file at one mirror. */
  readonly attempts: number;
  /** Before the second attempt; doubled for every further one, with jitter. */
  readonly backoff: number;
  /** Without a byte for so long, a connection counts as dead. */
  readonly stall: number;
};

export const usualPatience: Patience = { attempts: 5, backoff: 400, stall: 30_000 };

export type OpenOptions = {
  /** First byte wanted; the answer says where it really starts. */
  readonly offset?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stall: number;
};

export type Opened =
  | {
      readonly kind: "content";
      readonly start: number;
      readonly body: AsyncIterable<Uint8Array>;
      readonly headers: Headers;
    }
  /** The answer to a conditional request: what the asker has is still right. */
  | { readonly kind: "unchanged" }
  /** The mirror's file ends before the offset. */
  | { readonly kind: "beyond" }
  /** The mirror answers, but does not have the file or refuses it. */
  | { readonly kind: "absent"; readonly why: string };

/**
 * Opens an `http:`, `https:` or `file:` URI. Opening and reading throw `download-failed` for all that another attempt
 * may mend (no connection, 5xx, a connection that breaks or stalls), `mirror-unknown` for a port that none can, and `cancelled`.
 */
export function openUri(ctx: Context, uri: string, options: OpenOptions): Promise<Opened> {
  return uri.startsWith("file:") ? openFile(uri, options) : openHttp(ctx, uri, options);
}

/** Joins an archive's root and a path below it. */
export function uriOf(root: string, path: string): string {
  return `${root}/${encodeURI(path).replaceAll("#", "%23").replaceAll("?", "%3F")}`;
}

async function openFile(uri: string, { offset = 0 }: OpenOptions): Promise<Opened> {
  const path = fileURLToPath(uri.replace(/^file:\/*/, "file:///"));
  try {
    const found = await stat(path);
    if (!found.isFile()) return { kind: "absent", why: "it is no file" };
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return { kind: "absent", why: "there is no such file" };
    throw failed(uri, error);
  }
  const body = createReadStream(path, { start: offset, highWaterMark: 1 << 20 });
  return { kind: "content", start: offset, body: guard(body, uri), headers: new Headers() };
}

async function openHttp(ctx: Context, uri: string, options: OpenOptions): Promise<Opened> {
  const watch = new StallWatch(uri, options.stall);
  // Sums are over files as stored: a proxy or server must not unpack a .gz on the way.
  const target = splitCredentials(uri);
  assertPort(uri, target.uri);
  const headers: Record<string, string> = { "accept-encoding": "identity", ...options.headers, ...target.headers };
  if (options.offset) headers.range = `bytes=${options.offset}-`;
  const signal = AbortSignal.any([ctx.signal, watch.signal]);
  try {
    const response = await ctx.fetch(target.uri, { headers, signal });
    watch.touch();
    return await readAnswer(response, { uri, ctx, watch });
  } catch (error) {
    watch.end();
    throw explain(error, { uri, ctx, watch });
  }
}

/** `shown`: the address as other messages have it too. */
function assertPort(shown: string, uri: string): void {
  const port = forbiddenPort(uri);
  if (port === undefined) return;
  throw new IngotError("mirror-unknown", `${shown} cannot be used: ${describeForbidden(port)}`, {
    hint: "serve the mirror at another port, and name it in INGOT_DEBIAN_MIRROR, in mirror: of ingot.yaml, or in the host's apt sources",
  });
}

type Exchange = { readonly uri: string; readonly ctx: Context; readonly watch: StallWatch };

async function readAnswer(response: Response, exchange: Exchange): Promise<Opened> {
  const { status, headers, body } = response;
  if ((status === 200 || status === 206) && body) {
    return { kind: "content", start: status === 206 ? firstByte(headers) : 0, body: watched(body, exchange), headers };
  }
  await body?.cancel();
  exchange.watch.end();
  if (status === 304) return { kind: "unchanged" };
  if (status === 416) return { kind: "beyond" };
  const mayPass = status >= 500 || status === 408 || status === 429;
  if (!mayPass && status >= 400) return { kind: "absent", why: `the answer is ${status}` };
  throw new IngotError("download-failed", `${exchange.uri}: the answer is ${status}`);
}

function firstByte(headers: Headers): number {
  return Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
}

async function* watched(body: AsyncIterable<Uint8Array>, exchange: Exchange): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      exchange.watch.touch();
      yield chunk;
    }
  } catch (error) {
    throw explain(error, exchange);
  } finally {
    exchange.watch.end();
  }
}

async function* guard(body: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failed(uri, error);
  }
}

function explain(error: unknown, { uri, ctx, watch }: Exchange): unknown {
  if (error instanceof IngotError) return error;
  if (ctx.signal.aborted) return new IngotError("cancelled", "the download was stopped", { cause: error });
  if (watch.signal.aborted) return watch.signal.reason;
  return failed(uri, error);
}

function failed(uri: string, error: unknown): IngotError {
  // fetch() hides the system's reason (ECONNREFUSED …) behind "fetch failed".
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new IngotError("download-failed", `${uri}: ${reason}`, { cause: error });
}
