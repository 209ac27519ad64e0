import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { mount, mountFlags, unmount } from "../../ground/libc.ts";
import type { Digest } from "../../oci/digest.ts";
import { hexOf } from "../../oci/digest.ts";
import { useContent } from "../content/content.ts";
import { storedImage, type DaemonImage } from "./daemon-image.ts";
import type { DockerPaths } from "./docker-paths.ts";

/**
 * Shows `use` the image's files, to see what is where something is to be mounted: from the store, where they are mounted once for all, else from the engine's own layers. Throws
 * `image-not-runnable` for an engine that keeps them in another way.
 */
export async function viewImage<T>(
  ctx: Context,
  { image, found, paths }: { readonly image: Digest; readonly found: DaemonImage; readonly paths: DockerPaths },
  use: (content: string) => T,
): Promise<T> {
  const stored = storedImage(ctx, image);
  if (stored !== undefined) return use(await useContent(ctx, stored.source));
  const [only, ...lower] = found.layers;
  if (only === undefined || !existsSync(only)) throw notViewable(image);
  return lower.length === 0
    ? use(only)
    : viewLayers(join(paths.run, "views", `${hexOf(image)}-${process.pid}`), found.layers, use);
}

function viewLayers<T>(target: string, layers: readonly string[], use: (content: string) => T): T {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const flags = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;
  mount("overlay", target, { type: "overlay", flags, data: `lowerdir=${layers.join(":")}` });
  try {
    return use(target);
  } finally {
    unmount(target, { detach: true });
    rmdirSync(target);
  }
}

function notViewable(image: Digest): IngotError {
  return new IngotError(
    "image-not-runnable",
    `the files of ${image} cannot be seen: it is not in the store, and the engine does not keep its images as overlay layers`,
    {
      hint: `ingot pull the image into the store of this host`,
    },
  );
}
