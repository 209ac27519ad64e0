import { hash } from "node:crypto";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { ReleaseFile } from "./release.ts";
import { withRetries } from "./retry.ts";
import { openUri, type Opened, type Patience } from "./transfer.ts";

export type BytesRequest = {
  /** More than this many bytes are refused: memory is not the mirror's to fill. */
  readonly limit: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly patience: Patience;
  readonly onBytes?: (count: number) => void;
};

export type BytesAnswer =
  | { readonly kind: "content"; readonly bytes: Buffer; readonly headers: Headers }
  | { readonly kind: "unchanged" };

/**
 * Fetches a small file whole. Throws `download-missing`, `download-failed`, `download-corrupt` when it is too long,
 * `cancelled`.
 */
export function fetchBytes(ctx: Context, uri: string, request: BytesRequest): Promise<BytesAnswer> {
  return withRetries(ctx, request.patience, async () => {
    const opened = await openUri(ctx, uri, { headers: request.headers ?? {}, stall: request.patience.stall });
    if (opened.kind === "unchanged") return opened;
    if (opened.kind !== "content") throw absent(uri, opened);
    const bytes = await collect(opened.body, uri, request);
    const promised = Number(opened.headers.get("content-length") ?? bytes.length);
    const isEncoded = opened.headers.has("content-encoding");
    if (!isEncoded && bytes.length < promised) {
      throw new IngotError("download-failed", `${uri}: ended after ${bytes.length} of ${promised} bytes`);
    }
    return { kind: "content", bytes, headers: opened.headers };
  });
}

/** Fetches a file that a signed list describes, and refuses other content with `download-corrupt`. */
export async function fetchListed(
  ctx: Context,
  uri: string,
  request: Omit<BytesRequest, "limit"> & { readonly file: ReleaseFile },
): Promise<Buffer> {
  const { file } = request;
  const answer = await fetchBytes(ctx, uri, { ...request, limit: file.size });
  const bytes = answer.kind === "content" ? answer.bytes : Buffer.alloc(0);
  const actual = hash("sha256", bytes);
  if (bytes.length === file.size && actual === file.sha256) return bytes;
  throw new IngotError(
    "download-corrupt",
    `${uri}: expected ${file.size} bytes with SHA-256 ${file.sha256}, got ${bytes.length} with ${actual}`,
  );
}

/** The error for an answer without content. */
export function absent(uri: string, opened: Exclude<Opened, { kind: "content" }>): IngotError {
  return new IngotError("download-missing", `${uri}: ${opened.kind === "absent" ? opened.why : "there is no content"}`);
}

async function collect(body: AsyncIterable<Uint8Array>, uri: string, request: BytesRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > request.limit) {
      throw new IngotError("download-corrupt", `${uri}: longer than the ${request.limit} bytes it may have`);
    }
    chunks.push(chunk);
    request.onBytes?.(chunk.length);
  }
  return Buffer.concat(chunks, length);
}
