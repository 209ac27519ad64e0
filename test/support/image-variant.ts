import type { ImageConfig } from "../../src/oci/image-config.ts";
import { canonicalJson } from "../../src/oci/canonical-json.ts";
import type { Layout } from "../../src/oci/layout.ts";
import { parseImageManifest } from "../../src/oci/manifest.ts";
import type { Digest } from "../../src/oci/digest.ts";

/** Names an image of a store that is another one with something else in its `config`: another command, or none. */
export async function nameVariant(
  layout: Layout,
  { from, name }: { readonly from: Digest; readonly name: string },
  change: (config: NonNullable<ImageConfig["config"]>) => object,
): Promise<void> {
  const manifest = parseImageManifest(layout.readBlob(from));
  const config = JSON.parse(layout.readBlob(manifest.config.digest).toString("utf8")) as ImageConfig;
  const changed = canonicalJson({ ...config, config: change(config.config ?? {}) });
  const descriptor = { ...manifest.config, digest: layout.putBlob(changed), size: changed.length };
  const raw = JSON.parse(layout.readBlob(from).toString("utf8")) as object;
  const content = canonicalJson({ ...raw, config: descriptor });
  const mediaType = layout.resolveReference(from).mediaType;
  await layout.setReference(name, { mediaType, digest: layout.putBlob(content), size: content.length });
}
