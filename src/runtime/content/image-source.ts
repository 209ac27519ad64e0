import type { Context } from "../../ground/context.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseImageConfig, type ImageConfig } from "../../oci/image-config.ts";
import { openStore, type Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { identityFiles, systemFolders } from "../profile/settings.ts";
import { writableOf } from "../writable.ts";

/** What the content of an image is made from. */
export type ImageSource = {
  /** The digest of the image's manifest. */
  readonly digest: Digest;
  readonly layout: Layout;
  readonly config: ImageConfig;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
  readonly mountpoints: Mountpoints;
};

/** Folders and files that must be there to mount on: what the image lacks of them is added to its content, empty. Absolute paths. */
export type Mountpoints = { readonly folders: readonly string[]; readonly files: readonly string[] };

/** An image of the store. */
export function imageSource(ctx: Pick<Context, "home">, digest: Digest): ImageSource {
  const layout = openStore(ctx);
  const manifest = parseImageManifest(layout.readBlob(digest));
  const config = parseImageConfig(layout.readBlob(manifest.config.digest));
  const writable = writableOf(digest, config).map(({ path }) => path);
  const mountpoints = { folders: [...systemFolders, ...writable], files: identityFiles };
  return { digest, layout, config, layers: manifest.layers, mountpoints };
}
