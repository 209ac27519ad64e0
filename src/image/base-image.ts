import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { present } from "../ground/present.ts";
import type { Digest } from "../oci/digest.ts";
import { parseImageConfig, type ImageConfig } from "../oci/image-config.ts";
import type { Layout } from "../oci/layout.ts";
import { isImage, parseImageManifest, type ImageManifest } from "../oci/manifest.ts";
import { noAccounts, type Accounts } from "./accounts.ts";
import type { LayerBlob } from "./cast-plan.ts";
import { findAccounts } from "./find-accounts.ts";
import type { InheritedConfig } from "./image-config.ts";

/** An image in the store that another one stands on. */
export type BaseImage = {
  /** For the lineage: `shop/web-base`, or a registry's reference. */
  readonly name: string;
  readonly digest: Digest;
  /** Seconds since 1970; 0 where the base does not say. */
  readonly epoch: number;
  readonly layers: readonly LayerBlob[];
  readonly inherited: InheritedConfig;
  readonly accounts: Accounts;
};

/** Opens an image of the store as a base. Throws `image-unknown` when the digest is no image of files. */
export async function openBaseImage(
  ctx: Context,
  layout: Layout,
  image: { readonly name: string; readonly digest: Digest },
): Promise<BaseImage> {
  const { manifest, config } = readImage(layout, image.digest);
  const layers = layerBlobs(manifest, config, image.name);
  return {
    ...image,
    epoch: config.created === undefined ? 0 : Math.max(0, Math.floor(Date.parse(config.created) / 1000) || 0),
    layers,
    inherited: inheritedConfig(config),
    accounts: await findAccounts(ctx, { layout, layers, before: noAccounts }),
  };
}

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

function inheritedConfig(config: ImageConfig): InheritedConfig {
  const run = config.config ?? {};
  return {
    environment: run.Env ?? [],
    ...(run.User ? { user: run.User } : {}),
    ...(run.Cmd ? { command: run.Cmd } : {}),
    ...(run.Entrypoint ? { entrypoint: run.Entrypoint } : {}),
    ...(run.WorkingDir ? { workdir: run.WorkingDir } : {}),
    labels: run.Labels ?? {},
    ports: Object.keys(run.ExposedPorts ?? {}).toSorted(),
    history: config.history ?? [],
  };
}
