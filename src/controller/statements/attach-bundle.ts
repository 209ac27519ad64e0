import { bundleAnnotations, bundleType } from "../../evidence/statement/bundle.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { mediaTypes } from "../../oci/media-types.ts";

/** What the manifest says. `subject`: the image; of its descriptor no other members may be in it, as another descriptor of the same image must not make another manifest. */
export type BundleAttachment = {
  readonly subject: Pick<Descriptor, "mediaType" | "digest" | "size">;
  readonly bundle: Buffer | string;
  readonly predicateType: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

/**
 * Stores a bundle, and the manifest that attaches it to an image as the registry's clients do. That it is attached is for an event to say: until then both are blobs that nothing
 * names, which garbage collection takes.
 */
export function attachBundle(
  store: Layout,
  { subject: { mediaType, digest, size }, bundle, predicateType, annotations }: BundleAttachment,
): { readonly manifest: Descriptor; readonly bundle: Digest } {
  const layer = { mediaType: bundleType, digest: store.putBlob(bundle), size: Buffer.byteLength(bundle) };
  const content = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: bundleType,
    config: { mediaType: mediaTypes.empty, digest: store.putBlob("{}"), size: 2 },
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: {
      ...annotations,
      [bundleAnnotations.content]: "dsse-envelope",
      [bundleAnnotations.predicateType]: predicateType,
    },
  });
  const manifest = { mediaType: mediaTypes.imageManifest, digest: store.putBlob(content), size: content.length };
  return { manifest, bundle: layer.digest };
}
