import { createHash, hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { isErrno } from "../../ground/error.ts";
import { hexOf, type Digest } from "../digest.ts";
import { openLayerTar, type LayerTar } from "./layer-tar.ts";
import { openStore } from "../layout.ts";
import type { TarEntry, TarHeader } from "../tar/entry.ts";
import type { LayerBlob } from "./layer-blob.ts";

/**
 * What one layer holds, without the content: what the files layer, `ingot diff`, inventories and lints work from. Kept beside the blobs as a cache
 * (`layer-index.ts`); whiteouts are entries like any other (`.wh.NAME`).
 */
export type LayerIndex = readonly LayerIndexEntry[];

export type LayerIndexEntry = Omit<TarHeader, "xattrs" | "device"> & {
  /** Values in hex, by full name; absent where there are none. */
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Hex SHA-256 of a file's content. */
  readonly sha256?: string;
};

/** What a layer of the store holds. Read from `$INGOT_HOME/cache/layers`; made again from the blob, verified, when it is not there. */
export async function layerIndex(ctx: Pick<Context, "home">, layer: LayerBlob): Promise<LayerIndex> {
  const cached = readLayerIndex(ctx, layer.diffId);
  if (cached !== undefined) return cached;
  using tar = await openLayerTar(openStore(ctx), layer, { diffId: layer.diffId });
  return indexLayer(ctx, layer.diffId, tar);
}

/** Makes and keeps the index of a layer that is open already. */
export function indexLayer(ctx: Pick<Context, "home">, diffId: Digest, tar: LayerTar): LayerIndex {
  const index = tar.entries.map(({ header, offset }) => {
    if (header.type !== "file") return indexEntry(header);
    const sha256 = createHash("sha256");
    for (const piece of tar.read(offset, header.size)) sha256.update(piece);
    return indexEntry(header, sha256.digest("hex"));
  });
  saveLayerIndex(ctx, diffId, index);
  return index;
}

/** The cached index; undefined where there is none. */
export function readLayerIndex(ctx: Pick<Context, "home">, diffId: Digest): LayerIndex | undefined {
  try {
    return JSON.parse(readFileSync(indexPath(ctx, diffId), "utf8")) as LayerIndex;
  } catch (error) {
    // Not there, or damaged: a cache, made again from the blob.
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function saveLayerIndex(ctx: Pick<Context, "home">, diffId: Digest, index: LayerIndex): void {
  writeFileAtomic(indexPath(ctx, diffId), JSON.stringify(index), { durable: false });
}

function indexPath(ctx: Pick<Context, "home">, diffId: Digest): string {
  return join(ctx.home, "cache/layers", `${hexOf(diffId)}.json`);
}

/** The index entry of a file with its content at hand, or of anything else. */
export function indexTarEntry(entry: TarEntry): LayerIndexEntry {
  return entry.type === "file" ? indexEntry(entry, hash("sha256", entry.content, "hex")) : indexEntry(entry);
}

function indexEntry(header: TarHeader, sha256?: string): LayerIndexEntry {
  const { path, type, mode, uid, gid, mtime, size, linkname, device, xattrs } = header;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    mtime,
    size,
    linkname,
    ...(device !== undefined && { device }),
    ...(xattrs.size > 0 && {
      xattrs: Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString("hex")])),
    }),
    ...(sha256 !== undefined && { sha256 }),
  };
}

/** A header as the tar codec wants it. */
export function headerOf(entry: LayerIndexEntry): TarHeader {
  const { path, type, mode, uid, gid, mtime, size, linkname, device, xattrs = {} } = entry;
  const pairs = Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value, "hex")] as const);
  const header = { path, type, mode, uid, gid, mtime, size, linkname, xattrs: new Map(pairs) };
  return device === undefined ? header : { ...header, device };
}
