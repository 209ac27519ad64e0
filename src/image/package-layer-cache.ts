import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import type { Context } from "../ground/context.ts";
import { isErrno } from "../ground/error.ts";
import type { Layout } from "../oci/layout.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import type { Compression } from "./compress-layer.ts";
import { readLayerIndex } from "../oci/layer/layer-index.ts";
import type { WrittenLayer } from "./layer-writer.ts";

/** Raised when the same archives would give another layer. */
const formatVersion = 1;

/**
 * The key of a layer of packages: its bytes are a function of the archives, and of where their files landed (diversions, merged /usr, overridden
 * owners), which the paths, modes and owners tell. Nothing of the suites' dates goes in: an update of one package leaves the other layers alone.
 */
export function packageLayerKey(input: {
  readonly archives: readonly string[];
  readonly entries: readonly TarEntry[];
  readonly compression: Compression;
}): string {
  const placed = input.entries.map(
    ({ path, mode, uid, gid, linkname }) => `${path}\0${mode}\0${uid}\0${gid}\0${linkname}`,
  );
  return hash("sha256", JSON.stringify([formatVersion, input.compression, input.archives, placed]), "hex");
}

/** The layer that was made for this key before, when its blob and index are still there. */
export function findPackageLayer(ctx: Pick<Context, "home">, layout: Layout, key: string): WrittenLayer | undefined {
  const blob = readEntry(cachePath(ctx, key));
  if (blob === undefined || layout.blobSize(blob.digest) !== blob.size) return undefined;
  const index = readLayerIndex(ctx, blob.diffId);
  return index === undefined ? undefined : { blob, index };
}

export function keepPackageLayer(ctx: Pick<Context, "home">, key: string, blob: LayerBlob): void {
  writeFileAtomic(cachePath(ctx, key), JSON.stringify(blob), { durable: false });
}

function readEntry(path: string): LayerBlob | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LayerBlob;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function cachePath(ctx: Pick<Context, "home">, key: string): string {
  return join(ctx.home, "cache/package-layers", `${key}.json`);
}
