import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { isDigest, type Digest } from "../oci/digest.ts";
import { removeContent, verifyContent } from "./content/content.ts";
import { listIds, readRecord } from "./instance-record.ts";
import { runtimePaths } from "./paths.ts";

/** The images of all instances, running or exited: what garbage collection must leave alone. */
export function imagesInUse(ctx: Pick<Context, "home">): readonly Digest[] {
  const paths = runtimePaths(ctx.home);
  const images = listIds(paths).map((id) => readRecord(paths, id)?.image);
  return [...new Set(images.filter((image) => image !== undefined))];
}

export type ContentFile = { readonly image: Digest; readonly size: number };

/** Every image whose content is kept as a file, for `ingot run`. */
export function listContent(ctx: Pick<Context, "home">): readonly ContentFile[] {
  const folder = join(ctx.home, "content");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const image = `sha256:${name.replace(/\.erofs$/, "")}`;
    if (!name.endsWith(".erofs") || !isDigest(image)) return [];
    return [{ image, size: statSync(join(folder, name)).size }];
  });
}

/** Removes the content of images that are not in the store and that no instance uses; it is written again when it is needed. */
export async function sweepContent(
  ctx: Context,
  options: { readonly isKept: (image: Digest) => boolean; readonly dryRun?: boolean },
): Promise<readonly ContentFile[]> {
  const swept: ContentFile[] = [];
  for (const file of listContent(ctx)) {
    if (options.isKept(file.image)) continue;
    if (options.dryRun || (await removeContent(ctx, file.image))) swept.push(file);
  }
  return swept;
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
