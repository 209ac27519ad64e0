import { existsSync, readdirSync, statSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { isDigest, type Digest } from "../oci/digest.ts";
import { releaseContent, removeContent, verifyContent } from "./content/content.ts";
import { isImageUsed, listIds, readRecord } from "./instance-record.ts";
import { runtimePaths } from "./paths.ts";

/** The images of all instances, running or exited: what garbage collection must leave alone. */
export function imagesInUse(ctx: Pick<Context, "home">): readonly Digest[] {
  const paths = runtimePaths(ctx.home);
  const images = listIds(paths).map((id) => readRecord(paths, id)?.image);
  return [...new Set(images.filter((image) => image !== undefined))];
}

/** Unmounts every content that no instance uses, such as that of a start which was cut off before there was an instance. */
export async function releaseUnusedContent(ctx: Context): Promise<void> {
  const paths = runtimePaths(ctx.home);
  for (const image of digestsIn(paths.contentMounts)) {
    await releaseContent(ctx, image, () => isImageUsed(paths, image));
  }
}

/** An image whose content is kept as a file; `size` in bytes. */
export type KeptContent = { readonly image: Digest; readonly size: number };

export type CollectContentOptions = {
  readonly isKept: (image: Digest) => boolean;
  /** Only say what would go. */
  readonly dryRun?: boolean;
};

/**
 * Removes the kept contents that no instance uses, but for those of images that `isKept` names; for `ingot gc`. Returns what was removed. Content is only
 * a copy of layers in another form: the next start writes it again.
 */
export async function collectContent(ctx: Context, options: CollectContentOptions): Promise<readonly KeptContent[]> {
  if (!options.dryRun) await releaseUnusedContent(ctx);
  const collected: KeptContent[] = [];
  for (const kept of listContent(ctx)) {
    if (options.isKept(kept.image)) continue;
    if (options.dryRun || (await removeContent(ctx, kept.image))) collected.push(kept);
  }
  return collected;
}

/** The paths of kept contents that no longer have the checksum they were written with. */
export async function findDamagedContent(ctx: Context): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const { image } of listContent(ctx)) {
    try {
      await verifyContent(ctx, image);
    } catch (error) {
      if (!(error instanceof IngotError) || error.code !== "content-damaged") throw error;
      damaged.push(runtimePaths(ctx.home).contentFile(image));
    }
  }
  return damaged;
}

function listContent(ctx: Pick<Context, "home">): readonly KeptContent[] {
  const paths = runtimePaths(ctx.home);
  return digestsIn(paths.contents).flatMap((image) => {
    // A crash may leave the record or the lock of a content without its file.
    const size = statSync(paths.contentFile(image), { throwIfNoEntry: false })?.size;
    return size === undefined ? [] : [{ image, size }];
  });
}

function digestsIn(folder: string): Digest[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const digests = names.map((name) => `sha256:${name.split(".")[0]}`).filter(isDigest);
  return [...new Set(digests)];
}
