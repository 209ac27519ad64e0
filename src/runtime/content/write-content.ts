import { flattenLayers } from "../../oci/layer/flatten-layers.ts";
import { openLayerTar, type LayerTar } from "../../oci/layer/layer-tar.ts";
import { ErofsWriter } from "../erofs/writer.ts";
import { addMountpoints, contentTree } from "./content-tree.ts";
import type { ImageSource } from "./image-source.ts";

/**
 * Writes the content of an image into an open, empty file as EROFS and returns its size in bytes. The layers are unpacked side by side. Each blob is
 * checked against its digest, and that is in the manifest; the diff ids would only say the same again, for a second hash of every byte.
 */
export async function writeContent(file: number, image: ImageSource): Promise<number> {
  const opened = await Promise.allSettled(image.layers.map((layer) => openLayerTar(image.layout, layer)));
  using layers = new OpenLayers(opened);
  const writer = new ErofsWriter(file);
  const tree = flattenLayers(layers.all());
  const root = contentTree(tree.entries, ({ header, layer, offset }) =>
    writer.store(header.size, layers.at(layer).read(offset, header.size)),
  );
  addMountpoints(root, image.mountpoints);
  return writer.finish(root);
}

/** Closes those layers that could be opened, also when another could not. */
class OpenLayers {
  readonly #opened: readonly PromiseSettledResult<LayerTar>[];

  constructor(opened: readonly PromiseSettledResult<LayerTar>[]) {
    this.#opened = opened;
  }

  all(): LayerTar[] {
    return this.#opened.map((_, index) => this.at(index));
  }

  at(index: number): LayerTar {
    const layer = this.#opened[index];
    if (layer?.status !== "fulfilled") throw layer?.reason ?? new RangeError(`there is no layer ${index}`);
    return layer.value;
  }

  [Symbol.dispose](): void {
    for (const layer of this.#opened) if (layer.status === "fulfilled") layer.value[Symbol.dispose]();
  }
}
