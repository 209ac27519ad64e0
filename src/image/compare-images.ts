import type { Context } from "../ground/context.ts";
import { openStore } from "../oci/layout.ts";
import { layerBlobs, readImage } from "../oci/read-image.ts";
import { diffImages, type ComparedImage, type ImageDiff } from "./image-diff.ts";
import { layerIndex } from "../oci/layer/layer-index.ts";
import { readInstalled } from "../debian/read-installed.ts";
import { mergeLayers } from "../oci/layer/tree-view.ts";

/** Compares two images of the store, each by name, digest or digest prefix. Throws `reference-unknown`. */
export function compareImages(ctx: Context, from: string, to: string): Promise<ImageDiff> {
  return compareAcross({ ctx, image: from }, { ctx, image: to });
}

/** An image, by name or digest, of the store of a home. */
export type PlacedImage = { readonly ctx: Context; readonly image: string };

/** The same for images of two homes. */
export async function compareAcross(from: PlacedImage, to: PlacedImage): Promise<ImageDiff> {
  return diffImages(await openCompared(from), await openCompared(to));
}

async function openCompared({ ctx, image: text }: PlacedImage): Promise<ComparedImage> {
  const layout = openStore(ctx);
  const { digest } = layout.resolveReference(text);
  const { manifest, config } = readImage(layout, digest);
  const layers = layerBlobs(manifest, config, text);
  const installed = await readInstalled(ctx, { layout, layers });
  return {
    digest,
    tree: mergeLayers(await Promise.all(layers.map((layer) => layerIndex(ctx, layer)))),
    packages: new Map(installed.map((item) => [item.name, item.version])),
    config: { ...config.config, architecture: config.architecture, os: config.os },
    layers: new Map(layers.map((layer) => [layer.digest, layer.size])),
  };
}
