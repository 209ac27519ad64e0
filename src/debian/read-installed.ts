import type { Context } from "../ground/context.ts";
import { parseControl } from "./archive/control.ts";
import type { Package } from "./package.ts";
import { parsePackage } from "./resolve/stanza.ts";
import type { Layout } from "../oci/layout.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { readLayerFiles } from "../oci/layer/read-layer-files.ts";

const statusPath = "var/lib/dpkg/status";

/** The installed packages of an image, from dpkg's own status; none where the image is not Debian. */
export async function readInstalled(
  ctx: Context,
  image: { readonly layout: Layout; readonly layers: readonly LayerBlob[] },
): Promise<readonly Package[]> {
  const files = await readLayerFiles(ctx, image, [statusPath]);
  const status = files.get(statusPath);
  if (!status) return [];
  return parseControl(status, { where: statusPath })
    .filter((stanza) => stanza.get("Status")?.endsWith(" installed"))
    .map((stanza) => parsePackage(stanza, { where: statusPath, suite: -1 }));
}
