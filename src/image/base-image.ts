import type { Context } from "../ground/context.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import type { Layout } from "../oci/layout.ts";
import { layerBlobs, readImage } from "../oci/read-image.ts";
import { noAccounts, type Accounts } from "./accounts.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
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
