import { canonicalJson } from "../oci/canonical-json.ts";
import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import { mediaTypes } from "../oci/media-types.ts";
import type { ImageDefinition, Project } from "../project/definition.ts";
import type { Accounts } from "./accounts.ts";
import type { BaseImage } from "./base-image.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { imageAnnotations, imageConfig, scratchConfig } from "./image-config.ts";
import type { ImageLock } from "./lock.ts";

export type WriteImageInput = {
  readonly project: Project;
  readonly definition: ImageDefinition;
  readonly lock: ImageLock;
  readonly base: BaseImage | undefined;
  /** Of the base and its own, lowest first. */
  readonly layers: readonly LayerBlob[];
  readonly accounts: Accounts;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** The name that the store gets for it. */
  readonly reference: string;
};

export type WrittenImage = {
  /** Of the manifest: the image's name for ever. */
  readonly digest: Digest;
  /** Compressed bytes of all layers. */
  readonly size: number;
  readonly configDigest: Digest;
};

/** Writes configuration and manifest, and points the name at them last, so that a name never lacks its image. */
export async function writeImage(layout: Layout, input: WriteImageInput): Promise<WrittenImage> {
  const config = canonicalJson(
    imageConfig({
      definition: input.definition,
      accounts: input.accounts,
      inherited: input.base?.inherited ?? scratchConfig,
      layers: input.layers,
      inheritedLayers: input.base?.layers.length ?? 0,
      architecture: input.lock.architecture,
      epoch: input.epoch,
    }),
  );
  const configDigest = layout.putBlob(config);
  const manifest = canonicalJson(imageManifest(input, { digest: configDigest, size: config.length }));
  const digest = layout.putBlob(manifest);
  await pointName(layout, input.reference, { digest, size: manifest.length });
  return { digest, configDigest, size: input.layers.reduce((sum, layer) => sum + layer.size, 0) };
}

type Blob = { readonly digest: Digest; readonly size: number };

function imageManifest(input: WriteImageInput, config: Blob): object {
  const { base } = input;
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config: { mediaType: mediaTypes.imageConfig, ...config },
    layers: input.layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    annotations: imageAnnotations({
      project: input.project.name,
      name: input.definition.name,
      epoch: input.epoch,
      ...(base ? { base: { name: base.name, digest: base.digest } } : {}),
    }),
  };
}

/** Leaves `index.json` alone where the name points there already: a build without a change writes nothing. */
async function pointName(layout: Layout, name: string, blob: Blob): Promise<void> {
  const current = layout.listReferences().find((reference) => reference.name === name);
  if (current?.descriptor.digest === blob.digest) return;
  await layout.setReference(name, { mediaType: mediaTypes.imageManifest, ...blob });
}
