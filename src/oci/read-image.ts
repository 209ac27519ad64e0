import { IngotError } from "../ground/error.ts";
import { present } from "../ground/present.ts";
import type { Digest } from "./digest.ts";
import { parseImageConfig, type ImageConfig } from "./image-config.ts";
import type { LayerBlob } from "./layer/layer-blob.ts";
import type { Layout } from "./layout.ts";
import { isImage, parseImageManifest, type ImageManifest } from "./manifest.ts";

/** Manifest and configuration of an image in the store. Throws `image-unknown` where the digest names another artifact. */
export function readImage(layout: Layout, digest: Digest): { manifest: ImageManifest; config: ImageConfig } {
  const manifest = parseImageManifest(layout.readBlob(digest));
  if (!isImage(manifest)) throw new IngotError("image-unknown", `${digest} is not an image of files`);
  return { manifest, config: parseImageConfig(layout.readBlob(manifest.config.digest)) };
}

/** The layers of an image, titled by its history where there is one. Throws `manifest-malformed` where the counts differ. */
export function layerBlobs(manifest: ImageManifest, config: ImageConfig, name: string): readonly LayerBlob[] {
  const history = config.history?.filter((entry) => entry.empty_layer !== true) ?? [];
  const { layers } = manifest;
  const diffIds = config.rootfs.diff_ids;
  if (layers.length !== diffIds.length) throw unevenLayers(name, layers.length, diffIds.length);
  return layers.map(({ digest, size, mediaType }, at) => {
    const diffId = present(diffIds[at], `the diff id of layer ${at + 1}`);
    const title = history[at]?.created_by?.replace(/^ingot build: /, "") ?? `${name} layer ${at + 1}`;
    return { digest, size, mediaType, diffId, title };
  });
}

/** Another tool's image: without a diff id nothing could prove what a layer unpacks to. */
function unevenLayers(name: string, layers: number, diffIds: number): IngotError {
  return new IngotError(
    "manifest-malformed",
    `the manifest of ${name} has ${layers} layers, its configuration names ${diffIds}`,
    { hint: "the tool that made this image must repair it" },
  );
}
