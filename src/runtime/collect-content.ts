import { existsSync, readdirSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { isDigest, type Digest } from "../oci/digest.ts";
import { releaseContent, removeContent } from "./content/content.ts";
import { isImageUsed } from "./instance-record.ts";
import { runtimePaths } from "./paths.ts";

/** Unmounts every content that no instance uses, such as that of a start which was cut off before there was an instance. */
export async function releaseUnusedContent(ctx: Context): Promise<void> {
  const paths = runtimePaths(ctx.home);
  for (const image of digestsIn(paths.contentMounts)) {
    await releaseContent(ctx, image, () => isImageUsed(paths, image));
  }
}

/**
 * Removes the kept contents that no instance uses, but for those of images that `isKept` names; for `ingot gc`. Returns what was removed. Content is only
 * a copy of layers in another form: the next start writes it again.
 */
export async function collectContent(ctx: Context, isKept: (image: Digest) => boolean): Promise<readonly Digest[]> {
  await releaseUnusedContent(ctx);
  const removed: Digest[] = [];
  for (const image of digestsIn(runtimePaths(ctx.home).contents)) {
    if (!isKept(image) && (await removeContent(ctx, image))) removed.push(image);
  }
  return removed;
}

function digestsIn(folder: string): Digest[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const digests = names.map((name) => `sha256:${name.split(".")[0]}`).filter(isDigest);
  return [...new Set(digests)];
}
